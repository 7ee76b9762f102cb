#include "daemon/host/recorder.h"

#include <fmt/format.h>

#include "daemon/wire/rows.h"

namespace baselined::host {
Recorder::Recorder(std::string plugin, std::vector<records::StreamMapping> streams,
                   std::shared_ptr<records::Pseudonymiser> persons,
                   std::unique_ptr<records::RecordSink> sink)
    : plugin_(std::move(plugin)),
      streams_(std::move(streams)),
      persons_(std::move(persons)),
      sink_(std::move(sink)) {}

Error Recorder::blame(Error error) const { return std::move(error).with("plugin " + plugin_); }

Error Recorder::violation(std::string_view what) const {
  return blame({Error::Code::internal, fmt::format("protocol violation: {}", what)});
}

// A frame that does not decode is a lie of the worker, whatever code the decoder chose.
template <class Message>
Result<Message> Recorder::decoded(Result<Message> message) const {
  if (!message) {
    return violation(message.error().message());
  }
  return message;
}

Status Recorder::open() {
  for (const records::StreamMapping& mapping : streams_) {
    BL_TRY(const records::RecordSink::Stream handle, sink_->open_stream(mapping));
    handles_.push_back(handle);
    normalisers_.emplace_back(mapping, *persons_);
  }
  return {};
}

Status Recorder::check_stream(std::uint32_t stream) const {
  if (stream >= handles_.size()) {
    return violation(fmt::format("there is no stream {}", stream));
  }
  return {};
}

Result<std::string> Recorder::cursor(std::string_view key) { return sink_->cursor(key); }

Result<records::HttpValidator> Recorder::validator(std::string_view target) {
  return sink_->validator(target);
}

Result<std::vector<std::string>> Recorder::open_set(std::uint32_t stream, std::string_view scope) {
  BL_CHECK(check_stream(stream));
  BL_TRY(const std::vector<std::string> keys, sink_->open_set(handles_[stream], scope));
  std::vector<std::string> payloads;
  wire::OpenSet chunk{stream, scope, false, {}};
  std::size_t bytes = 0;
  for (const std::string& key : keys) {
    if (!chunk.keys.empty() && bytes + key.size() > wire::kOpenSetChunkBytes) {
      payloads.push_back(wire::encode(chunk));
      chunk.keys.clear();
      bytes = 0;
    }
    chunk.keys.push_back(key);
    bytes += key.size() + 1;
  }
  chunk.last = true;
  payloads.push_back(wire::encode(chunk));
  return payloads;
}

Result<records::CountsByContract> Recorder::commit(Staging& staging, std::string_view key,
                                                   std::string_view value,
                                                   const Validators& validators,
                                                   const std::atomic<bool>& is_abandoned) {
  BL_CHECK(sink_->begin());
  pending_set_ = {};
  Status status = staging.replay([&](wire::FrameType type, std::string_view payload) -> Status {
    if (is_abandoned) {
      return Error(Error::Code::cancelled, "abandoned");
    }
    return replay_frame(type, payload);
  });
  if (status && pending_set_.is_open) {
    status = violation("an open set without its last chunk");
  }
  staging.clear();
  for (auto it = validators.begin(); status && it != validators.end(); ++it) {
    status = sink_->set_validator(it->first, it->second);
  }
  if (status) {
    status = sink_->set_cursor(key, value);
  }
  if (!status) {
    sink_->rollback();
    return std::move(status).error();
  }
  return sink_->commit();
}

Status Recorder::replay_frame(wire::FrameType type, std::string_view payload) {
  if (pending_set_.is_open && type != wire::FrameType::open_set_put) {
    return violation("an open set without its last chunk");
  }
  switch (type) {
    case wire::FrameType::rows:
      return put_rows(payload);
    case wire::FrameType::remove:
      return remove_rows(payload);
    case wire::FrameType::begin_scope:
      return begin_scope(payload);
    case wire::FrameType::coverage:
      return set_coverage(payload);
    case wire::FrameType::open_set_put:
      return add_to_open_set(payload);
    default:
      return violation("a frame that cannot be staged");
  }
}

Status Recorder::put_rows(std::string_view payload) {
  BL_TRY(wire::RowsReader reader, decoded(wire::RowsReader::open(payload)));
  BL_CHECK(check_stream(reader.stream()));
  while (true) {
    BL_TRY(const std::span<const Cell> row, decoded(reader.next()));
    if (row.empty()) {
      return {};
    }
    const auto fields = normalisers_[reader.stream()].row(row);
    if (!fields) {
      return blame(fields.error());
    }
    BL_CHECK(sink_->put(handles_[reader.stream()], *fields));
  }
}

Status Recorder::remove_rows(std::string_view payload) {
  BL_TRY(wire::RowsReader reader, decoded(wire::RowsReader::open(payload)));
  BL_CHECK(check_stream(reader.stream()));
  while (true) {
    BL_TRY(const std::span<const Cell> key, decoded(reader.next()));
    if (key.empty()) {
      return {};
    }
    const auto fields = normalisers_[reader.stream()].key(key);
    if (!fields) {
      return blame(fields.error());
    }
    BL_CHECK(sink_->remove(handles_[reader.stream()], *fields));
  }
}

Status Recorder::begin_scope(std::string_view payload) {
  BL_TRY(const wire::BeginScope message, decoded(wire::decode_begin_scope(payload)));
  BL_CHECK(check_stream(message.stream));
  return sink_->begin_scope(handles_[message.stream], message.scope);
}

Status Recorder::set_coverage(std::string_view payload) {
  BL_TRY(const wire::Coverage message, decoded(wire::decode_coverage(payload)));
  BL_CHECK(check_stream(message.stream));
  return sink_->set_coverage({streams_[message.stream].contract().id, std::string(message.scope),
                              message.from_us, message.to_us, std::string(message.reason)});
}

Status Recorder::add_to_open_set(std::string_view payload) {
  BL_TRY(const wire::OpenSet chunk, decoded(wire::decode_open_set(payload)));
  BL_CHECK(check_stream(chunk.stream));
  PendingSet& set = pending_set_;
  if (set.is_open && (chunk.stream != set.stream || chunk.scope != set.scope)) {
    return violation("chunks of two open sets are mixed");
  }
  if (!set.is_open) {
    set = {true, chunk.stream, std::string(chunk.scope), {}, {}};
  }
  for (const std::string_view key : chunk.keys) {
    set.bytes += key;
    set.sizes.push_back(key.size());
  }
  if (set.bytes.size() + set.sizes.size() * sizeof(std::size_t) > kMaxOpenSetBytes) {
    return blame({Error::Code::limit,
                  fmt::format("the open set of stream {} is larger than {} MiB",
                              streams_[set.stream].stream().name, kMaxOpenSetBytes >> 20U)});
  }
  return chunk.last ? finish_open_set() : Status();
}

Status Recorder::finish_open_set() {
  const PendingSet set = std::exchange(pending_set_, {});
  std::vector<std::string_view> keys;
  keys.reserve(set.sizes.size());
  std::size_t at = 0;
  for (const std::size_t size : set.sizes) {
    keys.push_back(std::string_view(set.bytes).substr(at, size));
    at += size;
  }
  return sink_->set_open_set(handles_[set.stream], set.scope, keys);
}

}  // namespace baselined::host
