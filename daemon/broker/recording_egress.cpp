#include "daemon/broker/recording_egress.h"

#include <mutex>
#include <optional>
#include <utility>

#include "daemon/broker/cassette_exchange.h"
#include "daemon/broker/cassette_writer.h"

namespace baselined::broker {

// What outlets write to, from whichever thread answers.
class RecordingEgress::Tape {
 public:
  Tape(CassetteWriter writer, Redaction redaction)
      : writer_(std::move(writer)), redaction_(std::move(redaction)) {}

  void begin() {
    const std::lock_guard lock(mutex_);
    ++under_way_;
  }

  // The answer for the run: the same, or that it could not be recorded.
  wire::HttpAnswer end(const wire::HttpRequest& request, wire::HttpAnswer answer) {
    const std::lock_guard lock(mutex_);
    --under_way_;
    if (!answer.response && answer.response.error().code() == Error::Code::cancelled) {
      is_cancelled_ = true;
      return answer;
    }
    if (!failure_) {
      const Status status =
          writer_.add(cassette::kept(redaction_.exchange(to_exchange(request, answer))));
      if (!status) {
        failure_ = status.error();
      }
    }
    return failure_ ? wire::HttpAnswer{*failure_, {}} : std::move(answer);
  }

  Status finish() {
    const std::lock_guard lock(mutex_);
    if (failure_) {
      return *failure_;
    }
    if (is_cancelled_ || under_way_ != 0) {
      return Error(Error::Code::cancelled,
                   writer_.folder().string() + ": the run was interrupted: not all is recorded");
    }
    return writer_.finish();
  }

 private:
  std::mutex mutex_;
  CassetteWriter writer_;
  Redaction redaction_;
  std::optional<Error> failure_;
  std::size_t under_way_ = 0;
  bool is_cancelled_ = false;
};

class RecordingEgress::RecordingOutlet final : public wire::Outlet {
 public:
  RecordingOutlet(std::unique_ptr<wire::Outlet> inner, std::shared_ptr<Tape> tape)
      : inner_(std::move(inner)), tape_(std::move(tape)) {}

  void send(wire::HttpRequest request, OnAnswer on_answer) override {
    tape_->begin();
    OnAnswer record = [tape = tape_, request,
                       on_answer = std::move(on_answer)](wire::HttpAnswer answer) {
      on_answer(tape->end(request, std::move(answer)));
    };
    inner_->send(std::move(request), std::move(record));
  }
  void cancel() override { inner_->cancel(); }
  std::string limit_hit() const override { return inner_->limit_hit(); }

 private:
  std::unique_ptr<wire::Outlet> inner_;
  std::shared_ptr<Tape> tape_;
};

Result<std::shared_ptr<RecordingEgress>> RecordingEgress::create(
    std::shared_ptr<wire::Egress> inner, RecordingSettings settings) {
  BL_TRY(CassetteWriter writer, CassetteWriter::create(settings.folder, settings.recorded_at));
  auto tape = std::make_shared<Tape>(std::move(writer),
                                     Redaction(std::move(settings.redact), settings.base_url));
  return std::shared_ptr<RecordingEgress>(new RecordingEgress(std::move(inner), std::move(tape)));
}

Result<std::unique_ptr<wire::Outlet>> RecordingEgress::open(wire::OutletRequest request) {
  BL_TRY(std::unique_ptr<wire::Outlet> inner, inner_->open(std::move(request)));
  return std::unique_ptr<wire::Outlet>(std::make_unique<RecordingOutlet>(std::move(inner), tape_));
}

Status RecordingEgress::finish() { return tape_->finish(); }

}  // namespace baselined::broker
