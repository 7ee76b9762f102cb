#include "daemon/worker/run.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <exception>
#include <new>
#include <string>

#include "daemon/wire/messages.h"
#include "daemon/worker/cancel_page.h"
#include "daemon/worker/descriptor.h"
#include "daemon/worker/host_table.h"
#include "daemon/worker/manifest.h"
#include "daemon/worker/run_session.h"

namespace baselined::worker {
namespace {

// Not getrusage: its figure is the daemon's, which this process was cloned from. 0: not known.
std::uint64_t peak_memory_kib(int own_status) {
  constexpr std::string_view kLabel = "VmHWM:";
  std::array<char, 4096> bytes = {};
  const ssize_t size = pread(own_status, bytes.data(), bytes.size(), 0);
  const std::string_view status(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  std::uint64_t kib = 0;
  if (const auto label = status.find(kLabel); label != std::string_view::npos) {
    const auto digits = status.find_first_of("0123456789", label);
    const auto end = std::min(status.find('\n', label), status.size());
    if (digits < end) {
      std::from_chars(status.data() + digits, status.data() + end, kib);
    }
  }
  return kib;
}

// What operator new calls, the plugin's too: a message can then say which limit it was.
std::atomic<bool> was_short_of_memory = false;

void note_shortness() {
  was_short_of_memory = true;
  throw std::bad_alloc();
}

// A plugin that lets an exception out breaks the ABI; it must not take the report of its run with
// it. Nothing of the plugin is called afterwards: what state it is in, nobody knows.
template <class Call>
bl_status call_plugin(RunSession& session, const Call& call) {
  std::string what;
  try {
    return call();
  } catch (const std::exception& failure) {
    what = failure.what();
  } catch (...) {
    what = "not a std::exception";
  }
  session.set_error(BL_ERR_INTERNAL, 0,
                    fmt::format("an exception left the plugin's function: {}", what));
  return BL_ERR_INTERNAL;
}

bl_status collect(const bl_plugin& plugin, const wire::Start& start, std::uint32_t granted,
                  RunSession& session) {
  const std::uint32_t missing = plugin.capabilities & ~granted;
  if (missing != 0) {
    session.set_error(BL_ERR_CONFIG, 0,
                      fmt::format("the plugin needs {}, which is not allowed",
                                  fmt::join(capability_names(missing), ", ")));
    return BL_ERR_CONFIG;
  }
  bl_instance* instance = nullptr;
  const bl_str options = {start.options.data(), start.options.size()};
  const bl_status created = call_plugin(
      session, [&] { return plugin.create(&host_table(), session.handle(), options, &instance); });
  if (created != BL_OK) {
    return created;
  }
  return call_plugin(session, [&] {
    const bl_status collected = plugin.collect(instance, &host_table(), session.handle());
    plugin.destroy(instance);
    return collected;
  });
}

}  // namespace

Status run_plugin(const bl_plugin& plugin, const RunContext& context) {
  BL_TRY(const CancelPage page, CancelPage::open(kCancelDescriptor));
  Channel channel(kChannelDescriptor);
  wire::Hello hello;
  hello.build_id = wire::build_id();
  hello.plugin_id = to_view(plugin.id);
  hello.plugin_version = to_view(plugin.version);
  hello.manifest = wire::fingerprint(manifest_json(plugin));
  hello.confinement = context.confinement;
  BL_CHECK(channel.send(wire::FrameType::hello, encode(hello)));
  // The options live in the payload, and the next frame overwrites the channel's.
  BL_TRY(const std::string_view received, channel.receive(wire::FrameType::start));
  const std::string payload(received);
  BL_TRY(const wire::Start start, wire::decode_start(payload));
  RunSession session(channel, plugin, start, page);
  std::set_new_handler(&note_shortness);
  const bl_status outcome =
      session.outcome(collect(plugin, start, context.granted_capabilities, session));
  return session.finish(outcome, peak_memory_kib(context.own_status), was_short_of_memory);
}

}  // namespace baselined::worker
