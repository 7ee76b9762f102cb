// The series of one metric family, found by their labels and removable by one of them.
//
// prometheus::Family can add and remove a metric, but not find one again.
// Ownership: the registry must outlive the set. Threads: one.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <map>
#include <string>

namespace baselined::expose {

template <class Metric>
class SeriesSet {
 public:
  SeriesSet(prometheus::Registry& registry, const std::string& name, const std::string& help)
      : family_(&prometheus::detail::Builder<Metric>().Name(name).Help(help).Register(registry)) {}

  // Created as 0 where it is new.
  Metric& at(const prometheus::Labels& labels) {
    const auto [position, is_new] = metrics_.try_emplace(labels, nullptr);
    if (is_new) {
      position->second = &family_->Add(labels);
    }
    return *position->second;
  }

  void remove(const std::string& label, const std::string& value) {
    std::erase_if(metrics_, [&](const auto& entry) {
      const auto found = entry.first.find(label);
      if (found == entry.first.end() || found->second != value) {
        return false;
      }
      family_->Remove(entry.second);
      return true;
    });
  }

  // Sets 1 where `label` has this value and 0 in every other series of the collector.
  void set_state(const std::string& collector, const std::string& label, const std::string& value) {
    for (const auto& [labels, metric] : metrics_) {
      if (labels.at("collector") == collector) {
        metric->Set(labels.at(label) == value ? 1 : 0);
      }
    }
  }

 private:
  prometheus::Family<Metric>* family_;
  std::map<prometheus::Labels, Metric*> metrics_;
};

using Counters = SeriesSet<prometheus::Counter>;
using Gauges = SeriesSet<prometheus::Gauge>;

}  // namespace baselined::expose
