// What a note of a merge request says happened. GitLab tells of approvals, requested reviews,
// pushes and drafts in system notes, whose English words are fixed. Threads: pure.
#pragma once

#include <optional>
#include <string_view>

namespace baselined::gitlab {

// The kind of change_event/1; nothing where the note tells of nothing that is collected.
std::optional<std::string_view> event_of_note(bool is_system, std::string_view body);

// The number of the merge request that this one reverts, as GitLab's button writes it into the
// description: "This reverts merge request !12".
std::optional<std::string_view> reverted_change(std::string_view description);

}  // namespace baselined::gitlab
