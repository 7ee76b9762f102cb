// What each address answers: /metrics, /livez, /readyz, /status and an index, from memory.
//
// The KPI body was rendered and compressed once by whoever refreshed; here it is only joined with
// the self-metrics, which are rendered when they changed, or else at most once per second, and only
// because somebody asks: there is no timer. A joined body is kept until one of its halves changes.
// Ownership: `self` must outlive the page. Bodies are shared and immutable.
// Threads: one, that of the io_context.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/time.h"
#include "daemon/expose/metrics.h"
#include "daemon/expose/self_metrics.h"

namespace baselined::expose {

// One of text and gzip is set, as asked for; gzip only where there is one.
struct Answer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> text;
  std::shared_ptr<const std::string> gzip;
};

class Page {
 public:
  using StatusSource = std::function<std::string()>;  // JSON; must return at once

  Page(SelfMetrics& self, StatusSource status);

  // Until the first one /metrics shows the self-metrics only.
  void set_kpis(std::shared_ptr<const KpiBody> body);
  void set_ready();
  void set_not_ready(std::string reason);  // the first reason is "starting"

  // `path` as it came, without query. Unknown: 404.
  Answer answer(std::string_view path, bool accepts_gzip, SteadyTime now);

 private:
  Answer metrics(bool accepts_gzip, SteadyTime now);
  void render_self(SteadyTime now);

  SelfMetrics* self_;
  StatusSource status_;
  std::string not_ready_reason_ = "starting";
  std::shared_ptr<const KpiBody> kpis_;
  std::string self_text_;
  DeflatedPart self_deflated_;
  std::optional<SteadyTime> self_rendered_at_;
  std::shared_ptr<const std::string> text_;
  std::shared_ptr<const std::string> gzip_;
};

}  // namespace baselined::expose
