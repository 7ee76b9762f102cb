// Writes a cassette, one file per exchange, so that a crash loses at most the exchange under way.
//
// A file gets its name when it is whole and on the disk. Until finish() the cassette says that it
// is being recorded. Folder 0700, files 0600.
// Ownership: the folder is this writer's alone. Threads: one at a time.
// Errors: config, a folder that cannot be used or is not empty; transient, the disk.
#pragma once

#include <baselined/cassette.h>

#include <filesystem>

#include "daemon/base/result.h"
#include "daemon/base/time.h"

namespace baselined::broker {

class CassetteWriter {
 public:
  // Makes the folder where there is none. recorded_at: the run's frozen now.
  static Result<CassetteWriter> create(const std::filesystem::path& folder, UtcTime recorded_at);

  Status add(const cassette::Exchange& exchange);
  Status finish();

  const std::filesystem::path& folder() const { return folder_; }

 private:
  CassetteWriter(std::filesystem::path folder, UtcTime recorded_at)
      : folder_(std::move(folder)), index_{to_us(recorded_at), {}} {}
  Status write(std::string_view name, std::string_view text) const;

  std::filesystem::path folder_;
  cassette::Index index_;
  std::size_t exchanges_ = 0;
};

}  // namespace baselined::broker
