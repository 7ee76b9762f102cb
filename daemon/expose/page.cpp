#include "daemon/expose/page.h"

#include <array>
#include <utility>

namespace baselined::expose {
namespace {

constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::chrono::seconds kSelfMaxAge{1};
constexpr std::string_view kIndex =
    "baselined\n"
    "\n"
    "/metrics  KPIs and the daemon's own health, for Prometheus\n"
    "/status   collectors and their last runs, JSON\n"
    "/readyz   200 when the store is open and metrics are served\n"
    "/livez    200 while the daemon turns\n";

Answer plain(unsigned status, std::string text) {
  Answer answer;
  answer.status = status;
  answer.text = std::make_shared<const std::string>(std::move(text));
  return answer;
}

}  // namespace

Page::Page(SelfMetrics& self, StatusSource status) : self_(&self), status_(std::move(status)) {}

void Page::set_kpis(std::shared_ptr<const KpiBody> body) {
  kpis_ = std::move(body);
  text_.reset();
  gzip_.reset();
}

void Page::set_ready() { not_ready_reason_.clear(); }

void Page::set_not_ready(std::string reason) { not_ready_reason_ = std::move(reason); }

Answer Page::answer(std::string_view path, bool accepts_gzip, SteadyTime now) {
  if (path == "/metrics") {
    return metrics(accepts_gzip, now);
  }
  if (path == "/livez") {
    return plain(200, "ok\n");
  }
  if (path == "/readyz") {
    return not_ready_reason_.empty() ? plain(200, "ok\n")
                                     : plain(503, "not ready: " + not_ready_reason_ + "\n");
  }
  if (path == "/status") {
    Answer answer = plain(200, status_());
    answer.content_type = "application/json";
    return answer;
  }
  if (path == "/") {
    return plain(200, std::string(kIndex));
  }
  return plain(404, "not found; / lists what is here\n");
}

Answer Page::metrics(bool accepts_gzip, SteadyTime now) {
  render_self(now);
  Answer answer;
  answer.content_type = kMetricsType;
  if (accepts_gzip) {
    if (!gzip_) {
      static const DeflatedPart kNothing;
      const std::array<const DeflatedPart*, 2> parts = {kpis_ ? &kpis_->deflated : &kNothing,
                                                        &self_deflated_};
      gzip_ = std::make_shared<const std::string>(join_gzip(parts));
    }
    answer.gzip = gzip_;
    return answer;
  }
  if (!text_) {
    text_ = std::make_shared<const std::string>(kpis_ ? kpis_->text + self_text_ : self_text_);
  }
  answer.text = text_;
  return answer;
}

void Page::render_self(SteadyTime now) {
  const bool fresh = self_rendered_at_ && now - *self_rendered_at_ < kSelfMaxAge;
  if (fresh && !self_->is_changed()) {
    return;
  }
  self_text_ = self_->render();
  self_deflated_ = deflate_part(self_text_, Effort::fast);
  self_rendered_at_ = now;
  text_.reset();
  gzip_.reset();
}

}  // namespace baselined::expose
