#include "daemon/kpi/query.h"

#include <fmt/format.h>

namespace baselined::kpi {
namespace {

std::string_view columns_of(Kind kind) {
  BL_ASSERT(kind != Kind::ratio);  // refused by Catalogue::parse
  switch (kind) {
    case Kind::duration:
      return "value";
    case Kind::rate:
      return "COUNT(*)";
    case Kind::proportion:
      return "SUM(k), SUM(n)";
    case Kind::level:
      return "at";
    case Kind::ratio:
      break;
  }
  return {};
}

// The first expression gives :from, :to and :service the numbers 1, 2 and 3, whatever their order
// in the definition.
std::string wrapped(std::string_view columns, std::string_view sql, std::string_view rest) {
  return fmt::format(
      "WITH parameter AS (SELECT :from, :to, :service) "
      "SELECT {} FROM (\n{}\n) AS observation WHERE service = :service{}",
      columns, sql, rest);
}

std::string wrapped_counts(std::string_view sql) {
  return wrapped("reason, SUM(n)", sql, " GROUP BY reason ORDER BY reason");
}

void bind(store::Statement& statement, std::int64_t service, const Window& window) {
  statement.bind(1, to_us(window.from)).bind(2, to_us(window.to)).bind(3, service);
}

void take_row(Kind kind, const store::Statement& row, Observations& found) {
  switch (kind) {
    case Kind::duration:
      found.values.push_back(static_cast<double>(row.integer(0)));
      break;
    case Kind::rate:
      found.events = static_cast<std::uint64_t>(row.integer(0));
      break;
    case Kind::proportion:
      found.successes = static_cast<std::uint64_t>(row.integer(0));
      found.trials = static_cast<std::uint64_t>(row.integer(1));
      break;
    case Kind::level:
      found.moments.push_back(from_us(row.integer(0)));
      break;
    case Kind::ratio:
      break;
  }
}

Result<CountByReason> counts(std::optional<store::Statement>& statement, std::int64_t service,
                             const Window& window) {
  CountByReason result;
  if (!statement) {
    return result;
  }
  const ResetAtEnd reset(*statement);
  bind(*statement, service, window);
  BL_TRY(bool found, statement->step());
  while (found) {
    if (const std::int64_t count = statement->integer(1); count > 0) {
      result.emplace(statement->text(0), static_cast<std::uint64_t>(count));
    }
    BL_TRY(found, statement->step());
  }
  return result;
}

}  // namespace

std::vector<std::string> Query::statements(const Definition& definition) {
  std::vector<std::string> result{wrapped(columns_of(definition.kind), definition.sql, "")};
  for (const std::string* sql : {&definition.excluded_sql, &definition.adjusted_sql}) {
    if (!sql->empty()) {
      result.push_back(wrapped_counts(*sql));
    }
  }
  return result;
}

Result<Query> Query::prepare(store::Connection& reader, const Definition& definition) {
  BL_TRY(store::Statement observations,
         reader.prepare(wrapped(columns_of(definition.kind), definition.sql, "")));
  Query query(definition.kind, std::move(observations));
  if (!definition.excluded_sql.empty()) {
    BL_TRY(query.excluded_, reader.prepare(wrapped_counts(definition.excluded_sql)));
  }
  if (!definition.adjusted_sql.empty()) {
    BL_TRY(query.adjusted_, reader.prepare(wrapped_counts(definition.adjusted_sql)));
  }
  return query;
}

Result<Observations> Query::observations(std::int64_t service, const Window& window) {
  const ResetAtEnd reset(observations_);
  bind(observations_, service, window);
  Observations result;
  BL_TRY(bool found, observations_.step());
  while (found) {
    take_row(kind_, observations_, result);
    BL_TRY(found, observations_.step());
  }
  return result;
}

Result<CountByReason> Query::excluded(std::int64_t service, const Window& window) {
  return counts(excluded_, service, window);
}

Result<CountByReason> Query::adjusted(std::int64_t service, const Window& window) {
  return counts(adjusted_, service, window);
}

}  // namespace baselined::kpi
