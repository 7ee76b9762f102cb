// Runs a function on the writer's thread and comes back with its result.
//
//   std::function<Status()> work = [&] { return staging.spill(); };
//   const Status spilled = co_await on_writer(writer, std::move(work));
// Threads: the work runs on the writer's thread, the caller goes on where it was.
// Errors: an exception of the work becomes an internal error.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "daemon/base/result.h"

namespace baselined::host {

template <class Outcome>
boost::asio::awaitable<Outcome> on_writer(boost::asio::any_io_executor writer,
                                          std::function<Outcome()> work) {
  const boost::asio::any_io_executor home = co_await boost::asio::this_coro::executor;
  auto to_writer = boost::asio::bind_executor(writer, boost::asio::use_awaitable);
  auto to_home = boost::asio::bind_executor(home, boost::asio::use_awaitable);
  co_await boost::asio::post(std::move(to_writer));
  std::optional<Outcome> outcome;
  try {
    outcome.emplace(work());
  } catch (const std::exception& error) {
    outcome.emplace(Error(Error::Code::internal, error.what()));
  } catch (...) {
    outcome.emplace(Error(Error::Code::internal, "something that is no std::exception"));
  }
  co_await boost::asio::post(std::move(to_home));
  co_return *std::move(outcome);
}

}  // namespace baselined::host
