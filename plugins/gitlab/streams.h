// The streams of this plugin, in the order of their numbers, and their columns.
#pragma once

#include <baselined/plugin.hpp>
#include <cstdint>

namespace baselined::gitlab {

inline constexpr std::uint64_t kKey = BL_COL_KEY | BL_COL_REQUIRED;

inline constexpr bl_column kChangeColumns[] = {column("repository", BL_TEXT, kKey),
                                               column("change", BL_TEXT, kKey),
                                               column("state", BL_TEXT, BL_COL_REQUIRED),
                                               column("draft", BL_BOOL),
                                               column("created_at", BL_TIME, BL_COL_REQUIRED),
                                               column("merged_at", BL_TIME),
                                               column("closed_at", BL_TIME),
                                               column("base", BL_TEXT, BL_COL_REQUIRED),
                                               column("author", BL_TEXT, BL_COL_PERSONAL),
                                               column("is_bot", BL_BOOL),
                                               column("labels", BL_TEXT),
                                               column("reverts", BL_TEXT)};

inline constexpr bl_column kChangeCommitColumns[] = {
    column("repository", BL_TEXT, kKey), column("change", BL_TEXT, kKey),
    column("sha", BL_TEXT, kKey), column("role", BL_TEXT, kKey), column("authored_at", BL_TIME)};

inline constexpr bl_column kChangeEventColumns[] = {column("repository", BL_TEXT, kKey),
                                                    column("change", BL_TEXT, kKey),
                                                    column("event", BL_TEXT, kKey),
                                                    column("kind", BL_TEXT, BL_COL_REQUIRED),
                                                    column("actor", BL_TEXT, BL_COL_PERSONAL),
                                                    column("is_author", BL_BOOL),
                                                    column("is_bot", BL_BOOL),
                                                    column("at", BL_TIME, BL_COL_REQUIRED)};

inline constexpr bl_column kCiRunColumns[] = {column("pipeline", BL_TEXT, kKey),
                                              column("run", BL_TEXT, kKey),
                                              column("attempt", BL_INT, kKey),
                                              column("repository", BL_TEXT, BL_COL_REQUIRED),
                                              column("sha", BL_TEXT),
                                              column("branch", BL_TEXT),
                                              column("trigger", BL_TEXT),
                                              column("result", BL_TEXT),
                                              column("original_result", BL_TEXT, BL_COL_REQUIRED),
                                              column("created_at", BL_TIME),
                                              column("queued_at", BL_TIME),
                                              column("started_at", BL_TIME),
                                              column("finished_at", BL_TIME),
                                              column("parent_run", BL_TEXT)};

inline constexpr bl_column kCiJobColumns[] = {column("pipeline", BL_TEXT, kKey),
                                              column("run", BL_TEXT, kKey),
                                              column("attempt", BL_INT, kKey),
                                              column("job", BL_TEXT, kKey),
                                              column("repository", BL_TEXT, BL_COL_REQUIRED),
                                              column("name", BL_TEXT, BL_COL_REQUIRED),
                                              column("stage", BL_TEXT),
                                              column("sha", BL_TEXT),
                                              column("branch", BL_TEXT),
                                              column("result", BL_TEXT),
                                              column("original_result", BL_TEXT, BL_COL_REQUIRED),
                                              column("allow_failure", BL_BOOL),
                                              column("created_at", BL_TIME),
                                              column("queued_at", BL_TIME),
                                              column("started_at", BL_TIME),
                                              column("finished_at", BL_TIME)};

inline constexpr bl_column kDeploymentColumns[] = {column("origin", BL_TEXT, kKey),
                                                   column("deployment", BL_TEXT, kKey),
                                                   column("environment", BL_TEXT, kKey),
                                                   column("repository", BL_TEXT, BL_COL_REQUIRED),
                                                   column("sha", BL_TEXT, BL_COL_REQUIRED),
                                                   column("ref", BL_TEXT),
                                                   column("environment_class", BL_TEXT),
                                                   column("created_at", BL_TIME, BL_COL_REQUIRED),
                                                   column("job", BL_TEXT)};

inline constexpr bl_column kDeploymentStatusColumns[] = {
    column("origin", BL_TEXT, kKey),           column("deployment", BL_TEXT, kKey),
    column("environment", BL_TEXT, kKey),      column("status", BL_TEXT, kKey),
    column("state", BL_TEXT, BL_COL_REQUIRED), column("original_state", BL_TEXT),
    column("at", BL_TIME, BL_COL_REQUIRED),    column("is_guess", BL_BOOL)};

inline constexpr bl_column kDeploymentChangeColumns[] = {
    column("origin", BL_TEXT, kKey), column("deployment", BL_TEXT, kKey),
    column("environment", BL_TEXT, kKey), column("repository", BL_TEXT, kKey),
    column("change", BL_TEXT, kKey)};

inline constexpr bl_column kIncidentColumns[] = {column("incident", BL_TEXT, kKey),
                                                 column("severity", BL_TEXT),
                                                 column("service_hint", BL_TEXT),
                                                 column("repository", BL_TEXT),
                                                 column("state", BL_TEXT, BL_COL_REQUIRED),
                                                 column("labels", BL_TEXT),
                                                 column("opened_at", BL_TIME, BL_COL_REQUIRED),
                                                 column("impact_started_at", BL_TIME)};

inline constexpr bl_column kIncidentEventColumns[] = {
    column("incident", BL_TEXT, kKey), column("event", BL_TEXT, kKey),
    column("kind", BL_TEXT, BL_COL_REQUIRED), column("at", BL_TIME, BL_COL_REQUIRED)};

inline constexpr bl_column kIncidentLinkColumns[] = {
    column("incident", BL_TEXT, kKey), column("deployment", BL_TEXT, kKey),
    column("role", BL_TEXT, kKey),     column("refers_to", BL_TEXT, BL_COL_REQUIRED),
    column("repository", BL_TEXT),     column("method", BL_TEXT, BL_COL_REQUIRED)};

inline constexpr bl_column kCommitColumns[] = {column("repository", BL_TEXT, kKey),
                                               column("sha", BL_TEXT, kKey),
                                               column("parents", BL_TEXT, BL_COL_REQUIRED),
                                               column("authored_at", BL_TIME),
                                               column("committed_at", BL_TIME),
                                               column("author", BL_TEXT, BL_COL_PERSONAL),
                                               column("is_bot", BL_BOOL, BL_COL_REQUIRED)};

inline constexpr bl_column kRefColumns[] = {column("repository", BL_TEXT, kKey),
                                            column("kind", BL_TEXT, kKey),
                                            column("name", BL_TEXT, kKey),
                                            column("target", BL_TEXT, kKey),
                                            column("sha", BL_TEXT, BL_COL_REQUIRED),
                                            column("tagged_at", BL_TIME),
                                            column("annotated", BL_BOOL, BL_COL_REQUIRED)};

inline constexpr bl_stream kStreams[] = {
    stream("changes", "change/1", kChangeColumns),
    stream("change_commits", "change_commit/1", kChangeCommitColumns),
    stream("change_events", "change_event/1", kChangeEventColumns),
    stream("pipelines", "ci_run/1", kCiRunColumns),
    stream("jobs", "ci_job/1", kCiJobColumns),
    stream("deployments", "deployment/1", kDeploymentColumns),
    stream("deployment_statuses", "deployment_status/1", kDeploymentStatusColumns),
    stream("deployment_changes", "deployment_change/1", kDeploymentChangeColumns),
    stream("incidents", "incident/1", kIncidentColumns),
    stream("incident_events", "incident_event/1", kIncidentEventColumns),
    stream("incident_links", "incident_link/1", kIncidentLinkColumns),
    stream("commits", "commit/1", kCommitColumns),
    stream("refs", "ref/1", kRefColumns)};

inline constexpr std::uint32_t kChanges = 0;
inline constexpr std::uint32_t kChangeCommits = 1;
inline constexpr std::uint32_t kChangeEvents = 2;
inline constexpr std::uint32_t kPipelines = 3;
inline constexpr std::uint32_t kJobs = 4;
inline constexpr std::uint32_t kDeployments = 5;
inline constexpr std::uint32_t kDeploymentStatuses = 6;
inline constexpr std::uint32_t kDeploymentChanges = 7;
inline constexpr std::uint32_t kIncidents = 8;
inline constexpr std::uint32_t kIncidentEvents = 9;
inline constexpr std::uint32_t kIncidentLinks = 10;
inline constexpr std::uint32_t kCommits = 11;
inline constexpr std::uint32_t kRefs = 12;

}  // namespace baselined::gitlab
