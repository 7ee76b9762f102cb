// Pipeline: everything that writes. One collection from the worker to the facts, and deriving.
//
// It owns the store, the writer thread and the host. Used by the daemon, and by commands when no
// daemon runs; whoever has a Pipeline is the one writer.
// Ownership: the io_context must outlive it. Destroy it only when no collection runs any more
// (cancel_all(), then run the io_context until it has nothing left to do).
// Threads: call on the io_context's thread; callbacks come there too.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>

#include "daemon/derive/derive.h"
#include "daemon/host/host.h"
#include "daemon/main/settings.h"
#include "daemon/store/store.h"

namespace baselined {

// What one collection did, facts included.
struct Collected {
  host::RunReport report;
  derive::Touched touched;
  bool is_logged = false;    // is its end in the run log?
  bool was_refused = false;  // nothing could be stored, whatever the source says or would have said
};

class Pipeline {
 public:
  using OnProgress = host::Host::OnProgress;
  using OnCollected = std::function<void(Collected)>;
  using OnDerived = std::function<void(Result<derive::Touched>)>;

  static Result<std::unique_ptr<Pipeline>> open(boost::asio::io_context& context,
                                                const Settings& settings,
                                                std::shared_ptr<wire::Egress> egress,
                                                store::OpenCheck check, store::OnDamage on_damage);
  ~Pipeline();

  // The mapping is the one of the configuration in force when the collection ends.
  void collect(host::RunRequest request, OnProgress on_progress, OnCollected on_collected);
  void derive(OnDerived on_derived);
  // As the store says; from any thread.
  Status check_in_place() const { return store_->check_in_place(); }
  void set_mapping(derive::Mapping mapping) { mapping_ = std::move(mapping); }
  // For good: ends what runs, and what has yet to begin as soon as it does.
  void cancel_all();

 private:
  struct Run;

  Pipeline(boost::asio::io_context& context, std::unique_ptr<store::Store> store,
           derive::Mapping mapping);
  // work() on the writer's thread, then then(its result) on the io_context's.
  template <class Work, class Then>
  void in_writer(Work work, Then then);
  void start(const std::shared_ptr<Run>& run, std::unique_ptr<records::RecordSink> sink);
  void finish(const std::shared_ptr<Run>& run, host::RunReport report);
  Result<derive::Touched> update_facts(const derive::Mapping& mapping);
  Status log_run(const Run& run, const host::RunReport& report);

  boost::asio::io_context& context_;
  std::unique_ptr<store::Store> store_;
  derive::Mapping mapping_;
  SystemClock clock_;
  boost::asio::thread_pool writer_{1};
  std::unique_ptr<host::Host> host_;
  bool is_cancelled_ = false;
};

}  // namespace baselined
