#include "daemon/store/text_dictionary.h"

namespace baselined::store {
namespace {

constexpr std::size_t kMaxCachedBytes = 256;  // of one text

}  // namespace

Result<TextDictionary> TextDictionary::create(Connection& db, std::size_t max_cached) {
  BL_TRY(Statement select, db.prepare("SELECT id FROM text WHERE value = ?1"));
  BL_TRY(Statement insert, db.prepare("INSERT INTO text (value) VALUES (?1)"));
  return TextDictionary(db, std::move(select), std::move(insert), max_cached);
}

TextDictionary::TextDictionary(Connection& db, Statement select, Statement insert,
                               std::size_t max_cached)
    : db_(&db),
      select_(std::move(select)),
      insert_(std::move(insert)),
      max_cached_(max_cached / 2) {}

Result<std::int64_t> TextDictionary::encode(std::string_view text) {
  BL_TRY(const std::optional<std::int64_t> known, find(text));
  if (known.has_value()) {
    return *known;
  }
  insert_.bind(1, text);
  BL_CHECK(insert_.run());
  const std::int64_t id = db_->last_insert_rowid();
  remember(text, id);
  return id;
}

Result<std::optional<std::int64_t>> TextDictionary::find(std::string_view text) {
  const auto young = young_.find(text);
  if (young != young_.end()) {
    return std::optional(young->second);
  }
  const auto old = old_.find(text);
  if (old != old_.end()) {
    const std::int64_t id = old->second;
    remember(text, id);
    return std::optional(id);
  }
  select_.bind(1, text);
  BL_TRY(const bool found, select_.step());
  if (!found) {
    return std::optional<std::int64_t>();
  }
  const std::int64_t id = select_.integer(0);
  select_.reset();
  remember(text, id);
  return std::optional(id);
}

void TextDictionary::clear() {
  Cache().swap(young_);
  Cache().swap(old_);
}

void TextDictionary::remember(std::string_view text, std::int64_t id) {
  if (text.size() > kMaxCachedBytes) {
    return;
  }
  if (young_.size() >= max_cached_) {
    young_.swap(old_);
    young_.clear();
  }
  young_.emplace(text, id);
}

}  // namespace baselined::store
