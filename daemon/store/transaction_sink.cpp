#include "daemon/store/transaction_sink.h"

#include <fmt/format.h>

#include "daemon/store/schema.h"

namespace baselined::store {

using records::CountsByContract;

TransactionSink::TransactionSink(const SinkContext& context, const std::string& collector,
                                 std::int64_t run_id, const Clock& clock)
    : context_(context), state_(*context.db, collector), clock_(&clock) {
  origin_.run_id = run_id;
}

TransactionSink::~TransactionSink() { end_barrier(); }

Result<records::RecordSink::Stream> TransactionSink::open_stream(
    const records::StreamMapping& mapping) {
  BL_ASSERT(!transaction_.has_value());
  const records::Contract& contract = mapping.contract();
  auto known = context_.next_ids->find(contract.id);
  if (known == context_.next_ids->end()) {
    BL_TRY(const std::int64_t last,
           context_.db->integer(
               fmt::format("SELECT coalesce(max(id), 0) FROM {}", table_of(contract))));
    known = context_.next_ids->emplace(contract.id, last + 1).first;
  }
  BL_TRY(StreamWriter writer,
         StreamWriter::create(*context_.db, *context_.texts, mapping, known->second));
  streams_.push_back(OpenStream{std::move(writer), {}, {}});
  return streams_.size() - 1;
}

Status TransactionSink::begin() {
  BL_ASSERT(!transaction_.has_value());
  BL_TRY(Transaction transaction, Transaction::begin(*context_.db));
  // Not in the initializer of a member: where it fails, the transaction above ends with it.
  BL_TRY(origin_.collector, state_.make_number());
  origin_.now_us = to_us(clock_->now());
  transaction_.emplace(std::move(transaction));
  has_failed_ = false;
  return {};
}

Status TransactionSink::check_barrier() const {
  BL_ASSERT(transaction_.has_value());
  // SQLite may have rolled back by itself, on a full disk for one: what follows would then commit
  // row by row.
  if (has_failed_ || !context_.db->in_transaction()) {
    return Error(Error::Code::internal,
                 "the transaction has failed before; it must be rolled back");
  }
  return {};
}

Status TransactionSink::note(Status status) {
  has_failed_ = has_failed_ || !status;
  return status;
}

Status TransactionSink::put(Stream stream, std::span<const Cell> fields) {
  BL_CHECK(check_barrier());
  OpenStream& open = streams_.at(stream);
  BL_ASSERT(fields.size() == open.writer.contract().fields.size());
  Result<StreamWriter::Outcome> outcome = open.writer.put(origin_, fields);
  if (!outcome) {
    return note(std::move(outcome).error());
  }
  ++open.counts.rows;
  open.counts.inserted += *outcome == StreamWriter::Outcome::inserted ? 1U : 0U;
  open.counts.updated += *outcome == StreamWriter::Outcome::updated ? 1U : 0U;
  open.counts.unchanged += *outcome == StreamWriter::Outcome::unchanged ? 1U : 0U;
  return {};
}

Status TransactionSink::remove(Stream stream, std::span<const Cell> fields) {
  BL_CHECK(check_barrier());
  OpenStream& open = streams_.at(stream);
  BL_ASSERT(fields.size() == open.writer.contract().fields.size());
  Result<StreamWriter::Outcome> outcome = open.writer.remove(origin_, fields);
  if (!outcome) {
    return note(std::move(outcome).error());
  }
  open.counts.removed += *outcome == StreamWriter::Outcome::removed ? 1U : 0U;
  return {};
}

Status TransactionSink::begin_scope(Stream stream, std::string_view scope) {
  BL_CHECK(check_barrier());
  OpenStream& open = streams_.at(stream);
  const Result<std::int64_t> number = context_.texts->encode(scope);
  if (!number) {
    return note(number.error());
  }
  open.scopes.insert(*number);
  return note(open.writer.begin_scope(*number));
}

Status TransactionSink::set_coverage(const records::Coverage& coverage) {
  BL_CHECK(check_barrier());
  return note(state_.set_coverage(origin_.collector, coverage, origin_.now_us));
}

Status TransactionSink::set_open_set(Stream stream, std::string_view scope,
                                     std::span<const std::string_view> keys) {
  BL_CHECK(check_barrier());
  const std::string& contract = streams_.at(stream).writer.contract().id;
  return note(state_.set_open_set(origin_.collector, contract, scope, keys));
}

Status TransactionSink::set_cursor(std::string_view key, std::string_view value) {
  BL_CHECK(check_barrier());
  return note(state_.set_cursor(origin_.collector, key, value, origin_.now_us));
}

Status TransactionSink::set_validator(std::string_view target,
                                      const records::HttpValidator& validator) {
  BL_CHECK(check_barrier());
  has_new_validators_ = true;
  return note(state_.set_validator(origin_.collector, target, validator, origin_.now_us));
}

Result<CountsByContract> TransactionSink::commit() {
  Result<CountsByContract> counts = finish();
  if (counts) {
    transaction_.reset();
  }
  end_barrier();
  return counts;
}

Result<CountsByContract> TransactionSink::finish() {
  BL_CHECK(check_barrier());
  BL_CHECK(sweep_scopes());
  if (has_new_validators_) {
    BL_CHECK(state_.trim_validators(origin_.collector));
  }
  CountsByContract counts;
  for (const OpenStream& open : streams_) {
    counts[open.writer.contract().id] += open.counts;
  }
  BL_CHECK(transaction_->commit());
  return counts;
}

// First all sweeps, then forgetting: streams of one contract share what was seen.
Status TransactionSink::sweep_scopes() {
  for (OpenStream& open : streams_) {
    for (const std::int64_t scope : open.scopes) {
      BL_TRY(const std::int64_t removed, open.writer.sweep(origin_, scope));
      open.counts.removed += static_cast<std::uint64_t>(removed);
    }
  }
  for (OpenStream& open : streams_) {
    if (!open.scopes.empty()) {
      BL_CHECK(open.writer.forget_seen());
    }
  }
  return {};
}

void TransactionSink::rollback() { end_barrier(); }

void TransactionSink::end_barrier() {
  if (transaction_.has_value()) {
    transaction_.reset();
    context_.texts->clear();  // numbers of this transaction are gone
  }
  has_new_validators_ = false;
  for (OpenStream& open : streams_) {
    open.counts = {};
    open.scopes.clear();
    open.writer.end_scope();
  }
}

Result<std::string> TransactionSink::cursor(std::string_view key) { return state_.cursor(key); }

Result<records::HttpValidator> TransactionSink::validator(std::string_view target) {
  return state_.validator(target);
}

Result<std::vector<std::string>> TransactionSink::open_set(Stream stream, std::string_view scope) {
  return state_.open_set(streams_.at(stream).writer.contract().id, scope);
}

}  // namespace baselined::store
