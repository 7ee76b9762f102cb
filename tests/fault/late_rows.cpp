// A planted bug: the git plugin, whose rows come one barrier later than the cursor that says they
// are stored. Killed between the two, they are lost for ever, and an audit must see it.
#define bl_plugin_main_v0 git_main
#include "plugins/git/plugin.cpp"
#undef bl_plugin_main_v0

#include <functional>
#include <string>
#include <vector>

namespace {

const bl_host* host = nullptr;
std::vector<std::function<bl_status(bl_run*)>> held;
std::string last_key;
std::string last_cursor;

bl_status release(bl_run* run) {
  bl_status status = BL_OK;
  for (const auto& call : held) {
    status = status == BL_OK ? call(run) : status;
  }
  held.clear();
  return status;
}

// Cells whose text is copied.
class Cells {
 public:
  Cells(const bl_value* cells, std::size_t count) : cells_(cells, cells + count) {
    for (const bl_value& cell : cells_) {
      texts_.emplace_back(cell.len == 0 ? "" : cell.u.text, cell.len);
    }
  }
  const bl_value* get() {
    for (std::size_t at = 0; at < cells_.size(); ++at) {
      if (cells_[at].len != 0) {
        cells_[at].u.text = texts_[at].data();
      }
    }
    return cells_.data();
  }

 private:
  std::vector<bl_value> cells_;
  std::vector<std::string> texts_;
};

bl_status emit(bl_run*, uint32_t stream, const bl_value* cells, uint32_t columns, uint32_t rows) {
  held.push_back([=, copy = Cells(cells, std::size_t{columns} * rows)](bl_run* run) mutable {
    return host->emit(run, stream, copy.get(), columns, rows);
  });
  return BL_OK;
}

bl_status remove(bl_run*, uint32_t stream, const bl_value* cells, uint32_t count) {
  held.push_back([=, copy = Cells(cells, count)](bl_run* run) mutable {
    return host->remove(run, stream, copy.get(), count);
  });
  return BL_OK;
}

bl_status commit(bl_run* run, bl_str key, bl_str cursor) {
  last_key.assign(key.ptr, key.len);
  last_cursor.assign(cursor.ptr, cursor.len);
  const bl_status status = host->commit(run, key, cursor);
  return status == BL_OK ? release(run) : status;
}

bl_status collect(bl_instance* self, const bl_host* given, bl_run* run) {
  host = given;
  bl_host late = *given;
  late.emit = emit;
  late.remove = remove;
  late.commit = commit;
  const bl_status status = git_main(BL_ABI_MINOR)->collect(self, &late, run);
  return status == BL_OK ? host->commit(run, {last_key.data(), last_key.size()},
                                        {last_cursor.data(), last_cursor.size()})
                         : status;
}

}  // namespace

extern "C" BL_EXPORT const bl_plugin* bl_plugin_main_v0(uint32_t host_minor) {
  static const bl_plugin plugin = [host_minor] {
    bl_plugin copy = *git_main(host_minor);
    copy.collect = collect;
    return copy;
  }();
  return &plugin;
}
