// Position: how far a list was read, in the order in which GitLab updated its items. It is what the
// cursor of a list holds.
//
// GitLab's lists are paged by offset, and an item that is updated while they are read moves to
// their end: what follows it moves up, over the edge of a page, and would be missed. So the second
// page is never asked for where that can be helped: the next question begins at the time of the
// last item. What comes again is known by id and time. Clocks of a cluster differ, so a later run
// begins a little before the last item, and knows again what it has. Errors: a cursor of another
// form is read as none: everything is read again. Threads: a value.
#pragma once

#include <baselined/plugin.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "skipped.h"

namespace baselined::gitlab {

struct Position {
  static constexpr std::int64_t kOverlapUs = 300'000'000;
  static constexpr std::size_t kMostRecent = 5'000;  // of a cursor of 512 KiB

  std::string identity;        // of the repository: another one after a project was renamed
  std::string rules;           // under which the items were taken
  Time from{BL_BEGINNING};     // what was last updated before it was left out
  std::optional<Time> latest;  // update of an item that was taken
  std::map<std::int64_t, Time> recent;  // items taken in the overlap, with their update
  // Of those that are read by id; of a list with numbers of the project, the highest that was
  // taken.
  std::int64_t highest_id = 0;
  std::string again;          // of what was asked for again, where that goes on
  std::int64_t stuck_at = 0;  // the item of which GitLab did not answer a part, and the run ended
  Skipped skipped;            // missing for good, until they are updated

  static Position parse(std::string_view cursor);
  std::string text() const;

  bool has(std::int64_t id, Time updated) const;
  void take(std::int64_t id, Time updated);
  // It was taken, but not in the order of updates: an earlier one may be missing still.
  void note(std::int64_t id, Time updated);
  // Nothing that is earlier than what was noted is missing any more.
  void forget_old();
  // From where a run asks. Nothing: from the beginning.
  std::optional<Time> resume() const;

 private:
  void forget_before_latest();
  std::map<std::int64_t, Time>::const_iterator oldest() const;
};

}  // namespace baselined::gitlab
