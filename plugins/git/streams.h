// The streams of this plugin, in the order of their numbers, and their columns.
#pragma once

#include <baselined/plugin.hpp>
#include <cstdint>

namespace baselined::git {

inline constexpr std::uint64_t kKeyColumn = BL_COL_KEY | BL_COL_REQUIRED;

inline constexpr bl_column kCommitColumns[] = {column("repository", BL_TEXT, kKeyColumn),
                                               column("sha", BL_TEXT, kKeyColumn),
                                               column("parents", BL_TEXT, BL_COL_REQUIRED),
                                               column("authored_at", BL_TIME),
                                               column("committed_at", BL_TIME),
                                               column("author", BL_TEXT, BL_COL_PERSONAL),
                                               column("n_files", BL_INT),
                                               column("additions", BL_INT),
                                               column("deletions", BL_INT),
                                               column("is_bot", BL_BOOL, BL_COL_REQUIRED)};

inline constexpr bl_column kCommitPathColumns[] = {column("repository", BL_TEXT, kKeyColumn),
                                                   column("sha", BL_TEXT, kKeyColumn),
                                                   column("path_prefix", BL_TEXT, kKeyColumn)};

inline constexpr bl_column kRefColumns[] = {
    column("repository", BL_TEXT, kKeyColumn),    column("kind", BL_TEXT, kKeyColumn),
    column("name", BL_TEXT, kKeyColumn),          column("target", BL_TEXT, kKeyColumn),
    column("sha", BL_TEXT, BL_COL_REQUIRED),      column("tagged_at", BL_TIME),
    column("annotated", BL_BOOL, BL_COL_REQUIRED)};

inline constexpr bl_stream kStreams[] = {
    stream("commits", "commit/1", kCommitColumns),
    stream("commit_paths", "commit_path/1", kCommitPathColumns),
    stream("refs", "ref/1", kRefColumns)};

inline constexpr std::uint32_t kCommits = 0;
inline constexpr std::uint32_t kCommitPaths = 1;
inline constexpr std::uint32_t kRefs = 2;

}  // namespace baselined::git
