#include "daemon/derive/collectors.h"

#include <fmt/format.h>

namespace baselined::derive {

Result<Collectors> Collectors::read(store::Connection& db, const Mapping& mapping) {
  Collectors collectors;
  if (!mapping.collectors) {
    return collectors;
  }
  collectors.ids_.emplace();
  BL_TRY(store::Statement select, db.prepare("SELECT id FROM collector WHERE name = ?1"));
  for (const std::string& name : *mapping.collectors) {
    BL_TRY(const bool row, select.bind(1, std::string_view(name)).step());
    if (row) {  // else it has no records yet
      collectors.ids_->insert(select.integer(0));
    }
    select.reset();
  }
  return collectors;
}

std::string Collectors::condition() const {
  return ids_ ? fmt::format(" AND +collector IN ({})", fmt::join(*ids_, ",")) : "";
}

}  // namespace baselined::derive
