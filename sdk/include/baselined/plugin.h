/* baselined/plugin.h - the collector plugin ABI. DRAFT: major version 0.
 *
 * This header is the contract between the host (baselined) and a plugin: a shared library that
 * collects from one kind of source. C11 and C++; depends on <stdint.h> only. Authors in C++ use
 * baselined/plugin.hpp, which wraps it. Nothing is frozen until the major becomes 1.
 *
 * Rules:
 *   1. One exported symbol: bl_plugin_main_v0. The major is in its name.
 *   2. Tables (bl_plugin, bl_host, bl_run_info, extension tables) start with struct_size and grow
 *      only at the end. A reader tests BL_HAS(p, field) for every field added after minor 0.
 *   3. Array elements (bl_str, bl_value, bl_column, bl_stream, bl_header) never grow: their stride
 *      is part of the ABI. New needs get a new type.
 *   4. A pointer passed into a call is valid until that call returns, unless the call says more.
 *      Nobody frees what the other side allocated.
 *   5. No exception, longjmp or thread cancellation crosses this boundary.
 *   6. Text is UTF-8, length-counted, not NUL-terminated. Every time is int64 microseconds since
 *      1970, UTC; a date that cannot be represented is NULL, and counted in a log line.
 *   7. Thread marks: [run] = only the thread that called into the plugin; [any] = any thread of
 *      the process, concurrently.
 */
#ifndef BASELINED_PLUGIN_H
#define BASELINED_PLUGIN_H

#include <stdint.h>

#define BL_ABI_MAJOR 0
#define BL_ABI_MINOR 0 /* grows when a table gains a slot or a code is added */

/* The oldest host minor the plugin must load on; declarations newer than it are hidden. */
#ifndef BL_TARGET_MINOR
#define BL_TARGET_MINOR 0
#endif

#if defined(__GNUC__)
#define BL_EXPORT __attribute__((visibility("default")))
#else
#define BL_EXPORT
#endif

/* Does the table at p reach as far as this field? */
#define BL_HAS(p, field)         \
  ((uint64_t)(p)->struct_size >= \
   (uint64_t)((const char*)&(p)->field - (const char*)(p)) + sizeof((p)->field))

#ifdef __cplusplus
extern "C" {
#endif

/* ---- scalars ---------------------------------------------------------------------------- */

typedef int32_t bl_status;
enum {
  BL_OK = 0,
  BL_ERR_CONFIG = 1,       /* no retry until the configuration changes             */
  BL_ERR_AUTH = 2,         /* no retry until a secret changes                      */
  BL_ERR_RATE_LIMITED = 3, /* retry after the time given to set_error              */
  BL_ERR_TRANSIENT = 4,    /* retry with back-off                                  */
  BL_ERR_DATA = 5,         /* the source answered something unexpected             */
  BL_ERR_CANCELLED = 6,    /* is_cancelled() became true                           */
  BL_ERR_UNSUPPORTED = 7,  /* host or plugin lacks a feature                       */
  BL_ERR_INTERNAL = 8,     /* a bug                                                */
  BL_ERR_LIMIT = 9         /* a quota of the host was hit (rows, bytes, requests)  */
};

typedef int32_t bl_level;
enum { BL_DEBUG = 0, BL_INFO = 1, BL_WARN = 2, BL_ERROR = 3 };

typedef uint8_t bl_type;
enum {
  BL_NULL = 0,
  BL_BOOL = 1,
  BL_INT = 2,
  BL_FLOAT = 3, /* finite; NaN and infinities are refused */
  BL_TEXT = 4,  /* a list<text> field of a contract is canonical JSON text */
  BL_BYTES = 5,
  BL_TIME = 6,   /* int64 microseconds since 1970, UTC */
  BL_DECIMAL = 7 /* text payload, canonical "-?[0-9]+(.[0-9]+)?" */
};

/* ---- value types, frozen (sizes for LP64) ------------------------------------------------ */

typedef struct bl_str { /* 16 bytes */
  const char* ptr;      /* may be NULL when len is 0 */
  uint64_t len;
} bl_str;

typedef struct bl_value { /* 16 bytes */
  bl_type type;
  uint8_t reserved0;  /* 0 */
  uint16_t reserved1; /* 0 */
  uint32_t len;       /* bytes at u.text for TEXT, BYTES and DECIMAL, else 0 */
  union {
    int64_t i; /* BOOL (0 or 1), INT, TIME */
    double f;
    const char* text;
  } u;
} bl_value;

typedef struct bl_column { /* 48 bytes */
  bl_str name;             /* a field of the stream's contract */
  bl_str description;      /* may be empty: the contract describes the field */
  bl_type type;
  uint8_t reserved[7];
  uint64_t flags; /* BL_COL_* */
} bl_column;
#define BL_COL_KEY (UINT64_C(1) << 0)      /* part of the upsert key              */
#define BL_COL_REQUIRED (UINT64_C(1) << 1) /* never NULL                          */
#define BL_COL_PERSONAL (UINT64_C(1) << 2) /* about a person: pseudonymised       */

typedef struct bl_stream { /* 64 bytes */
  bl_str name;             /* [a-z][a-z0-9_]{0,62}, unique in the plugin */
  bl_str contract;         /* the normalised record it fills, such as "commit/1" */
  const bl_column* columns;
  uint32_t n_columns;
  uint32_t flags; /* 0 */
  bl_str description;
} bl_stream;

/* ---- host: what the plugin may call ------------------------------------------------------ */

typedef struct bl_run bl_run; /* opaque: one collection run */

typedef struct bl_run_info {
  uint32_t struct_size;
  uint32_t mode;           /* BL_RUN_* */
  int64_t window_begin_us; /* BL_RUN_BACKFILL: collect [begin, end); else 0 */
  int64_t window_end_us;
  int64_t deadline_us; /* is_cancelled() turns true here; the process is killed soon after */
} bl_run_info;
#define BL_RUN_INCREMENTAL 0u /* go on from the cursor                         */
#define BL_RUN_FULL 1u        /* ignore the cursor, read everything again      */
#define BL_RUN_BACKFILL 2u    /* read the window again                         */
#define BL_RUN_PROBE 3u       /* prove that the configuration works; emit nothing */

/* coverage(): "since the beginning of the source" */
#define BL_BEGINNING INT64_MIN

typedef struct bl_host {
  uint32_t struct_size;
  uint32_t abi_minor;

  /* Optional features by versioned id, such as "bl.progress/1". NULL when absent. Static. [any] */
  const void* (*get_extension)(const char* id);

  /* Never fails; the host truncates and limits the rate. No secrets, no persons. [any] */
  void (*log)(bl_run* run, bl_level level, bl_str message);

  /* Describes the failure that is about to be returned. retry_after_ms 0 = unknown. The last call
   * wins. [run] */
  void (*set_error)(bl_run* run, bl_status code, int64_t retry_after_ms, bl_str message);

  /* Appends n_rows * n_columns cells, row-major, in the declared column order of stream number
   * `stream`. Copies. May block (back-pressure). Replaces exactly the declared columns of the row
   * with that key; NULL overwrites. [run] */
  bl_status (*emit)(bl_run* run, uint32_t stream, const bl_value* cells, uint32_t n_columns,
                    uint32_t n_rows);

  /* What follows on this stream, until the next commit, is the complete content of `scope` (a
   * billing month of an account, say). On that commit rows of the scope that were not emitted
   * again are removed; a run that dies before it changes nothing. [run] */
  bl_status (*begin_scope)(bl_run* run, uint32_t stream, bl_str scope);

  /* A tombstone for the row with this key: n_cells key cells in declared order. [run] */
  bl_status (*remove)(bl_run* run, uint32_t stream, const bl_value* key_cells, uint32_t n_cells);

  /* The source was read completely for this scope and span [from_us, to_us), or, with a reason
   * that is not empty, why it was not. Takes effect with the next commit. Without it nothing is
   * called zero or final. [run] */
  bl_status (*coverage)(bl_run* run, uint32_t stream, bl_str scope, int64_t from_us, int64_t to_us,
                        bl_str reason);

  /* Keys of items of a scope that are not final yet (or that the plugin must remember), kept by
   * the host. put replaces the whole set with the next commit. get returns the set of the last
   * commit; its memory stays valid until the next open_set_get on this run. [run] */
  bl_status (*open_set_put)(bl_run* run, uint32_t stream, bl_str scope, const bl_str* keys,
                            uint64_t n_keys);
  bl_status (*open_set_get)(bl_run* run, uint32_t stream, bl_str scope, const bl_str** keys,
                            uint64_t* n_keys);

  /* The cursor saved under `key` by the last commit; empty when there is none. Valid until the
   * next cursor_get on this run. [run] */
  bl_status (*cursor_get)(bl_run* run, bl_str key, bl_str* out);

  /* Barrier: stores every row, removal, scope, coverage and open set since the last commit AND
   * this cursor in one transaction; returns after it is durable. [run] */
  bl_status (*commit)(bl_run* run, bl_str key, bl_str cursor);

  /* Poll at least once per page or every 100 ms of work. [any] */
  uint8_t (*is_cancelled)(bl_run* run);

  /* The wall clock that the plugin uses, so that tests can freeze it. [any] */
  int64_t (*now_us)(bl_run* run);

  /* The same pointer for the whole run. [any] */
  const bl_run_info* (*info)(bl_run* run);
} bl_host;

/* ---- plugin: what the host may call ------------------------------------------------------- */

typedef struct bl_instance bl_instance; /* opaque: owned by the plugin */

typedef struct bl_plugin {
  uint32_t struct_size;
  uint16_t abi_major; /* BL_ABI_MAJOR the plugin was compiled with */
  uint16_t abi_minor; /* BL_TARGET_MINOR: the oldest host it accepts */
  bl_str id;          /* reverse DNS, "org.example.tickets" */
  bl_str version;     /* semantic version of the plugin itself */
  bl_str summary;
  bl_str config_schema; /* JSON Schema, the subset that sdk/README.md documents */
  const bl_stream* streams;
  uint32_t n_streams;
  uint32_t capabilities; /* BL_CAP_*: asked for here, granted by the operator */

  /* Check and keep a configuration: canonical JSON that satisfies config_schema. No I/O. [run] */
  bl_status (*create)(const bl_host* host, bl_run* run, bl_str config, bl_instance** out);

  /* Collect until done, cancelled or failed. Blocking. Threads started here are joined before it
   * returns. [run] */
  bl_status (*collect)(bl_instance* self, const bl_host* host, bl_run* run);

  /* Called once for every create that returned BL_OK. [run] */
  void (*destroy)(bl_instance* self);

  /* Plugin-side extensions by id, NULL when absent. [any] */
  const void* (*get_extension)(const char* id);
} bl_plugin;

#define BL_CAP_HTTP (1u << 0)       /* "http": asks the host for HTTP                       */
#define BL_CAP_NET_DIRECT (1u << 1) /* "net_direct": opens its own sockets                  */
#define BL_CAP_FS_READ (1u << 2)    /* "fs_read": reads paths named in its options          */
#define BL_CAP_SECRET_RAW (1u << 3) /* "secret_raw": needs secret bytes                     */
#define BL_CAP_THREADS (1u << 4)    /* "threads": starts threads                            */
#define BL_CAP_EXEC (1u << 5)       /* "exec": starts programs                              */

/* The only exported symbol. Pure: the same pointer every time, static storage, no I/O, no threads.
 * NULL when host_minor is too old for the plugin. */
typedef const bl_plugin* (*bl_plugin_main_fn)(uint32_t host_minor);
BL_EXPORT const bl_plugin* bl_plugin_main_v0(uint32_t host_minor);

/* ---- extension bl.progress/1 -------------------------------------------------------------- */

#define BL_EXT_PROGRESS "bl.progress/1"
typedef struct bl_progress {
  uint32_t struct_size;
  uint32_t reserved;
  /* How far the run is: done of total units ("commits"). total 0 = unknown. Cheap: the host
   * limits the rate. [run] */
  void (*progress)(bl_run* run, uint64_t done, uint64_t total, bl_str unit);
} bl_progress;

/* ---- extension bl.http/1 ------------------------------------------------------------------ */

/* HTTP through the host, for a plugin that was granted BL_CAP_HTTP. The collector's configuration
 * names a connection; its origin, credential, TLS, proxy, pace and retries are the host's. */
#define BL_EXT_HTTP "bl.http/1"

typedef struct bl_header { /* 32 bytes */
  bl_str name;
  bl_str value;
} bl_header;

typedef struct bl_http_request {
  uint32_t struct_size;
  uint32_t n_headers;
  bl_str method; /* "GET", "POST", ... */
  bl_str url;    /* path and query below the connection's base URL; a complete URL (of a Link
                    header, say) only at the same origin */
  const bl_header* headers; /* no credential, no cookie: refused. Accept is application/json
                               unless given, and then an answer that is no JSON is BL_ERR_DATA */
  bl_str body;
  uint32_t timeout_ms; /* of one attempt; 0 = the connection's */
  uint32_t flags;      /* BL_HTTP_* */
} bl_http_request;
/* The host remembers ETag and Last-Modified with the next commit and asks with them the next time;
 * a 304 then says that nothing changed. */
#define BL_HTTP_CONDITIONAL 1u

typedef struct bl_http_response bl_http_response; /* handle, owned by the host until release */

typedef struct bl_http {
  uint32_t struct_size;
  uint32_t reserved;
  /* Blocks until there is an answer. BL_OK for a complete exchange whatever the status, but for
   * those that the host handles: 401, 429, a 403 of a rate limit, and 5xx after its retries are the
   * BL_ERR_ code that stands for them, and the host knows the reason: a plugin that returns that
   * code need not call set_error. `out` is NULL then. A failure does not end the run: what else
   * there is can be asked for. What is no request, or too large a one, does (BL_ERR_DATA,
   * BL_ERR_LIMIT), as a wrong row does. [run] */
  bl_status (*send)(bl_run* run, const bl_http_request* request, bl_http_response** out);
  int32_t (*status)(const bl_http_response* response); /* [run] */
  /* Decompressed. Until release. [run] */
  bl_str (*body)(const bl_http_response* response);
  /* Any case; several of one name are joined by ", "; empty when there is none. Until release.
   * [run] */
  bl_str (*header)(const bl_http_response* response, bl_str name);
  void (*release)(bl_http_response* response); /* NULL is fine. [run] */
} bl_http;

/* ---- layout, asserted by whoever compiles this -------------------------------------------- */

#if UINTPTR_MAX == UINT64_MAX
#ifdef __cplusplus
#define BL_ASSERT_SIZE(type, size) static_assert(sizeof(type) == (size), #type)
#else
#define BL_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#endif
BL_ASSERT_SIZE(bl_str, 16);
BL_ASSERT_SIZE(bl_value, 16);
BL_ASSERT_SIZE(bl_column, 48);
BL_ASSERT_SIZE(bl_stream, 64);
BL_ASSERT_SIZE(bl_run_info, 32);
BL_ASSERT_SIZE(bl_host, 120);
BL_ASSERT_SIZE(bl_plugin, 120);
BL_ASSERT_SIZE(bl_progress, 16);
BL_ASSERT_SIZE(bl_header, 32);
BL_ASSERT_SIZE(bl_http_request, 72);
BL_ASSERT_SIZE(bl_http, 48);
#endif

#ifdef __cplusplus
}
#endif
#endif /* BASELINED_PLUGIN_H */
