// Engine: the broker's thread. It drives all transfers through one multi handle and steps every
// exchange when its time has come.
//
// Ownership: owns what was submitted until it is answered or dropped. The destructor ends what is
// under way and does not wait for the network.
// Threads: any may submit() and wake(); callbacks run on the engine's.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/broker/exchange.h"
#include "daemon/broker/receiver.h"

namespace baselined::broker {

struct Submission {
  std::shared_ptr<const Source> source;
  std::shared_ptr<Run> run;
  std::shared_ptr<Receiver> receiver;
  wire::HttpRequest request;
  wire::Outlet::OnAnswer on_answer;
};

class Engine {
 public:
  Engine(Secrets& secrets, const BrokerOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void submit(Submission submission);
  // A run was cancelled or a receiver dropped.
  void wake();

 private:
  struct Active {
    std::shared_ptr<Run> run;
    std::shared_ptr<Receiver> receiver;
    wire::Outlet::OnAnswer on_answer;
    std::unique_ptr<Exchange> exchange;
  };

  void loop();
  void take_submissions();
  void step_all();
  bool end_unwanted(Active& active);
  SteadyTime step(Active& active, Now now);
  void drive();
  void collect_finished();
  void detach(Active& active);
  long poll_time_ms(SteadyTime now) const;

  OpenSockets sockets_;  // libcurl closes them as late as in the destructor
  Turn turn_;            // as late as that connections read
  const Services services_;
  CURLM* multi_;
  std::mutex mutex_;
  std::vector<Submission> submitted_;
  std::atomic<bool> is_stopping_ = false;
  std::list<Active> active_;  // in the order of arrival
  SteadyTime next_look_ = SteadyTime::max();
  std::thread thread_;
};

}  // namespace baselined::broker
