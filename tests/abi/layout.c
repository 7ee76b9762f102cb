/* Prints the layout of every type of the plugin ABI and the value of every constant, one per line,
 * for comparison with layout-0.golden. A change of that file is a change of the ABI. */
#include <baselined/plugin.h>
#include <stddef.h>
#include <stdio.h>

#define TYPE(type) printf("%s: size %zu, align %zu\n", #type, sizeof(type), _Alignof(type))
#define FIELD(type, field)                                                      \
  printf("%s.%s: offset %zu, size %zu\n", #type, #field, offsetof(type, field), \
         sizeof(((type*)0)->field))
#define NUMBER(name) printf("%s = %lld\n", #name, (long long)(name))
#define TEXT(name) printf("%s = %s\n", #name, name)

static void print_types(void) {
  TYPE(bl_status);
  TYPE(bl_level);
  TYPE(bl_type);
  TYPE(bl_str);
  FIELD(bl_str, ptr);
  FIELD(bl_str, len);
  TYPE(bl_value);
  FIELD(bl_value, type);
  FIELD(bl_value, reserved0);
  FIELD(bl_value, reserved1);
  FIELD(bl_value, len);
  FIELD(bl_value, u);
  FIELD(bl_value, u.i);
  FIELD(bl_value, u.f);
  FIELD(bl_value, u.text);
  TYPE(bl_column);
  FIELD(bl_column, name);
  FIELD(bl_column, description);
  FIELD(bl_column, type);
  FIELD(bl_column, reserved);
  FIELD(bl_column, flags);
  TYPE(bl_stream);
  FIELD(bl_stream, name);
  FIELD(bl_stream, contract);
  FIELD(bl_stream, columns);
  FIELD(bl_stream, n_columns);
  FIELD(bl_stream, flags);
  FIELD(bl_stream, description);
  TYPE(bl_run_info);
  FIELD(bl_run_info, struct_size);
  FIELD(bl_run_info, mode);
  FIELD(bl_run_info, window_begin_us);
  FIELD(bl_run_info, window_end_us);
  FIELD(bl_run_info, deadline_us);
  TYPE(bl_host);
  FIELD(bl_host, struct_size);
  FIELD(bl_host, abi_minor);
  FIELD(bl_host, get_extension);
  FIELD(bl_host, log);
  FIELD(bl_host, set_error);
  FIELD(bl_host, emit);
  FIELD(bl_host, begin_scope);
  FIELD(bl_host, remove);
  FIELD(bl_host, coverage);
  FIELD(bl_host, open_set_put);
  FIELD(bl_host, open_set_get);
  FIELD(bl_host, cursor_get);
  FIELD(bl_host, commit);
  FIELD(bl_host, is_cancelled);
  FIELD(bl_host, now_us);
  FIELD(bl_host, info);
  TYPE(bl_plugin);
  FIELD(bl_plugin, struct_size);
  FIELD(bl_plugin, abi_major);
  FIELD(bl_plugin, abi_minor);
  FIELD(bl_plugin, id);
  FIELD(bl_plugin, version);
  FIELD(bl_plugin, summary);
  FIELD(bl_plugin, config_schema);
  FIELD(bl_plugin, streams);
  FIELD(bl_plugin, n_streams);
  FIELD(bl_plugin, capabilities);
  FIELD(bl_plugin, create);
  FIELD(bl_plugin, collect);
  FIELD(bl_plugin, destroy);
  FIELD(bl_plugin, get_extension);
  TYPE(bl_progress);
  FIELD(bl_progress, struct_size);
  FIELD(bl_progress, reserved);
  FIELD(bl_progress, progress);
  TYPE(bl_header);
  FIELD(bl_header, name);
  FIELD(bl_header, value);
  TYPE(bl_http_request);
  FIELD(bl_http_request, struct_size);
  FIELD(bl_http_request, n_headers);
  FIELD(bl_http_request, method);
  FIELD(bl_http_request, url);
  FIELD(bl_http_request, headers);
  FIELD(bl_http_request, body);
  FIELD(bl_http_request, timeout_ms);
  FIELD(bl_http_request, flags);
  TYPE(bl_http);
  FIELD(bl_http, struct_size);
  FIELD(bl_http, reserved);
  FIELD(bl_http, send);
  FIELD(bl_http, status);
  FIELD(bl_http, body);
  FIELD(bl_http, header);
  FIELD(bl_http, release);
}

static void print_constants(void) {
  NUMBER(BL_ABI_MAJOR);
  NUMBER(BL_ABI_MINOR);
  NUMBER(BL_OK);
  NUMBER(BL_ERR_CONFIG);
  NUMBER(BL_ERR_AUTH);
  NUMBER(BL_ERR_RATE_LIMITED);
  NUMBER(BL_ERR_TRANSIENT);
  NUMBER(BL_ERR_DATA);
  NUMBER(BL_ERR_CANCELLED);
  NUMBER(BL_ERR_UNSUPPORTED);
  NUMBER(BL_ERR_INTERNAL);
  NUMBER(BL_ERR_LIMIT);
  NUMBER(BL_NULL);
  NUMBER(BL_BOOL);
  NUMBER(BL_INT);
  NUMBER(BL_FLOAT);
  NUMBER(BL_TEXT);
  NUMBER(BL_BYTES);
  NUMBER(BL_TIME);
  NUMBER(BL_DECIMAL);
  NUMBER(BL_DEBUG);
  NUMBER(BL_INFO);
  NUMBER(BL_WARN);
  NUMBER(BL_ERROR);
  NUMBER(BL_COL_KEY);
  NUMBER(BL_COL_REQUIRED);
  NUMBER(BL_COL_PERSONAL);
  NUMBER(BL_RUN_INCREMENTAL);
  NUMBER(BL_RUN_FULL);
  NUMBER(BL_RUN_BACKFILL);
  NUMBER(BL_RUN_PROBE);
  NUMBER(BL_CAP_HTTP);
  NUMBER(BL_CAP_NET_DIRECT);
  NUMBER(BL_CAP_FS_READ);
  NUMBER(BL_CAP_SECRET_RAW);
  NUMBER(BL_CAP_THREADS);
  NUMBER(BL_CAP_EXEC);
  NUMBER(BL_BEGINNING);
  NUMBER(BL_HTTP_CONDITIONAL);
  TEXT(BL_EXT_PROGRESS);
  TEXT(BL_EXT_HTTP);
}

int main(void) {
  print_types();
  print_constants();
  return 0;
}
