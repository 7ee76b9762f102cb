#include "daemon/expose/metrics.h"

#include <prometheus/metric_family.h>

#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/base/utf8.h"
#include "daemon/expose/exposition.h"
#include "daemon/expose/label.h"

namespace baselined::expose {
namespace {

using Label = prometheus::ClientMetric::Label;

// What Prometheus' linter takes for a unit that is not a base unit.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSingular = {{
    {"minutes", "minute"},
    {"hours", "hour"},
    {"days", "day"},
    {"weeks", "week"},
}};

std::string without_plural_units(std::string_view id) {
  std::string name;
  while (true) {
    const std::size_t end = id.find('_');
    std::string_view word = id.substr(0, end);
    for (const auto& [plural, singular] : kSingular) {
      word = word == plural ? singular : word;
    }
    name.append(word);
    if (end == std::string_view::npos) {
      return name;
    }
    name.push_back('_');
    id.remove_prefix(end + 1);
  }
}

struct Sample {
  std::string_view stat;
  double value;
};

std::vector<Sample> samples_of(const kpi::KpiResult& result) {
  std::vector<Sample> samples;
  const auto add = [&samples](std::string_view stat, double value) {
    if (std::isfinite(value)) {
      samples.push_back({stat, value});
    }
  };
  for (const auto& [stat, value] : result.stats) {
    add(stat, value);
  }
  if (result.lower) {
    add("lower", *result.lower);
  }
  if (result.upper) {
    add("upper", *result.upper);
  }
  return samples;
}

class Renderer {
 public:
  explicit Renderer(std::uint64_t max_series) : max_series_(max_series) {}

  void add(const kpi::Definition& definition) {
    prometheus::MetricFamily& info =
        gauge("baselined_kpi_info", "Definitions of the KPIs; the value is always 1.");
    add_sample(info,
               {{"kpi", clean_utf8(definition.id)},
                {"unit", clean_utf8(definition.unit)},
                {"kind", std::string(kpi::to_string(definition.kind))},
                {"layer", clean_utf8(definition.layer)},
                {"better", clean_utf8(definition.better)},
                {"version", std::to_string(definition.version)}},
               1);
  }

  void add(const kpi::KpiResult& result) {
    if (result.definition == nullptr || result.window.name.empty()) {
      return;
    }
    const kpi::Definition& definition = *result.definition;
    const std::string service = clean_utf8(result.service);
    const std::string window = clean_utf8(result.window.name);
    const std::string id = clean_utf8(definition.id);
    if (!seen_.emplace(id, service, window).second) {
      return;
    }
    const std::vector<Sample> samples = samples_of(result);
    const std::uint64_t series = samples.size() + result.adjusted.size() + 2;
    if (series_ + series > max_series_) {
      cut_series_ += series;
      return;
    }
    series_ += series;
    for (const Sample& sample : samples) {
      add_sample(gauge(metric_name(definition), definition.title_en),
                 {{"service", service}, {"window", window}, {"stat", clean_utf8(sample.stat)}},
                 sample.value);
    }
    const std::vector<Label> labels = {{"kpi", id}, {"service", service}, {"window", window}};
    add_sample(gauge("baselined_kpi_sample_size", "Observations that a KPI value rests on."),
               labels, static_cast<double>(result.n));
    add_sample(gauge("baselined_kpi_provisional",
                     "1 while the inputs of a KPI value may still change, else 0."),
               labels, result.provisional ? 1 : 0);
    for (const auto& [reason, n] : result.adjusted) {
      std::vector<Label> with_reason = labels;
      with_reason.push_back({"reason", clean_utf8(reason)});
      add_sample(
          gauge("baselined_kpi_adjusted",
                "Observations of a KPI value that were corrected or are a bound, by reason."),
          std::move(with_reason), static_cast<double>(n));
    }
  }

  KpiBody finish() {
    KpiBody body;
    body.series = series_;
    body.cut_series = cut_series_;
    add_sample(gauge("baselined_kpi_cut_series",
                     "KPI series left out of this page because of the cap on series."),
               {}, static_cast<double>(cut_series_));
    std::vector<prometheus::MetricFamily> families;
    families.reserve(families_.size());
    for (auto& [name, family] : families_) {
      families.push_back(std::move(family));
    }
    body.text = to_text(std::move(families));
    body.deflated = deflate_part(body.text, Effort::best);
    return body;
  }

 private:
  prometheus::MetricFamily& gauge(const std::string& name, std::string_view help) {
    const auto [position, is_new] = families_.try_emplace(name);
    if (is_new) {
      position->second.name = name;
      position->second.help = clean_help(help);
      position->second.type = prometheus::MetricType::Gauge;
    }
    return position->second;
  }

  static void add_sample(prometheus::MetricFamily& family, std::vector<Label> labels,
                         double value) {
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    metric.gauge.value = value;
  }

  std::uint64_t max_series_;
  std::uint64_t series_ = 0;
  std::uint64_t cut_series_ = 0;
  std::map<std::string, prometheus::MetricFamily> families_;
  std::set<std::tuple<std::string, std::string, std::string>> seen_;
};

}  // namespace

std::string metric_name(const kpi::Definition& definition) {
  std::string name = "baselined_" + without_plural_units(clean_name(definition.id));
  const std::string suffix = "_" + clean_name(definition.unit);
  const bool is_base_unit = suffix == without_plural_units(suffix);
  if (suffix.size() > 1 && is_base_unit && !name.ends_with(suffix)) {
    name.append(suffix);
  }
  return name;
}

KpiBody render_kpis(std::span<const kpi::Definition> definitions,
                    std::span<const kpi::KpiResult> results, std::uint64_t max_series) {
  Renderer renderer(max_series);
  for (const kpi::Definition& definition : definitions) {
    renderer.add(definition);
  }
  for (const kpi::KpiResult& result : results) {
    renderer.add(result);
  }
  return renderer.finish();
}

}  // namespace baselined::expose
