"""table: what the rules allow and demand, by name. An exception stands here with its reason."""

# --- layers ---------------------------------------------------------------------------------------

C_HEADERS = {"assert.h", "errno.h", "inttypes.h", "limits.h", "stdarg.h", "stdbool.h", "stddef.h",
             "stdatomic.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"}
PROTO_LIBRARIES = {"sodium.h", "zstd.h", "zstd_errors.h", "msgpack.h", "msgpack/pack.h",
                   "msgpack/unpack.h", "msgpack/object.h", "msgpack/zone.h"}
# Base types and codecs: all of proto/ that may be known outside daemon/.
BASE = {f"proto/{stem}.h" for stem in ("status", "check", "mem", "bytes", "id", "mp", "item",
                                       "control", "limits", "sometimes", "zstd_memory")}
SOCKET_HEADERS = ("uv.h", "uv/", "sys/socket.h", "sys/un.h", "netinet/", "arpa/", "netdb.h",
                  "sys/epoll.h", "poll.h")

# What libproto.a may need from outside: pure functions only. No file, clock, thread, randomness.
PROTO_NEEDS = (
    r"mem(cpy|cmp|set|move|chr|rchr)", r"str(len|cmp|ncmp|chr|rchr|nlen|cspn|spn|str|tol|toul"
    r"|toull)", r"__isoc23_strto\w+", r"(v)?snprintf", r"__(v)?snprintf_chk", r"__mem\w+_chk",
    r"__stack_chk_fail", r"abort", r"qsort", r"bsearch", r"_GLOBAL_OFFSET_TABLE_",
    r"crypto_(?!.*(keypair|keygen|seal$)).*", r"sodium_(?!init|malloc|mlock)\w+", r"ZSTD_\w+",
    r"msgpack_\w+", r"__ctype_\w+",
)
# Needs of single files.
PROTO_NEEDS_OF = {
    "mem": (r"malloc", r"calloc", r"realloc", r"free"),  # the one place that allocates
    "check": (r"fprintf", r"__fprintf_chk", r"stderr", r"fflush", r"fwrite"),  # its last words
}
REPLICAS_NEVER = (r"uv_\w+", r"socket", r"socketpair", r"connect", r"bind", r"listen", r"accept4?",
                  r"send(to|msg|mmsg)?", r"recv(from|msg|mmsg)?", r"getaddrinfo", r"gethostby\w+",
                  r"(e|p)?poll\w*", r"select", r"channel_\w+", r"core_\w+", r"noise_\w+",
                  r"git_remote_\w+", r"git_clone")

# --- names ----------------------------------------------------------------------------------------

# Exported names that do not begin with their file's stem.
NAMES = {
    "proto/bytes.c": (r"buf_\w+", "the growing buffer that bytes.h declares beside struct bytes"),
    "proto/id.c": (r"(oid|digest|key|change|label|name|hex|base32)_\w+",
                   "the kinds of id, and their texts, are base types of their own names"),
    "proto/item.c": (r"ident_is_valid", "an author's ident is an element of an item"),
    "replicas/judge.c": (r"judged_\w+", "what judging gives: struct judged of engine.h"),
    "replicas/council_hear.c": (r"replica_(offer_)?motions|replica_heard_peer",
                                "the façade's part of the council: replica.h"),
    "replicas/replica.c": (r"engine_\w+", "what the files of the façade share: engine.h"),
    "daemon/worker.c": (r"job_\w+", "what the loop hands to the worker: struct job of worker.h"),
    "daemon/main.c": (r"main", "the program"),
    "cli/main.c": (r"main", "the program"),
}

# Functions of headers that return enum status and may be called for what they write alone.
STATUS_MAY_BE_DROPPED = {
    "fault_set": "gives back the code that it was given",
    "fault_context": "gives back the code that it was given",
    "fault_errno": "gives back the code that it chose; the fault holds it too",
    "git_fault": "gives back the code that it chose; the fault holds it too",
    "schema_text_refuse": "always ST_NOT_SCHEMA",
    "tree_entry_damaged": "always ST_CORRUPT",
}

# --- calls ----------------------------------------------------------------------------------------

ALLOCATION = ("malloc", "calloc", "realloc", "strdup", "strndup", "asprintf", "vasprintf")
BANNED = ("strcpy", "strcat", "strncpy", "strncat", "stpcpy", "sprintf", "vsprintf", "gets",
          "strtok", "strtok_r", "alloca", "atoi", "atol", "atoll", "atof", "system", "rand",
          "srand", "random", "srandom", "setjmp", "longjmp", "tmpnam", "mktemp")
# free: tests give back what jansson and getline allocated.
BANNED_IN_CODE = ("free", "popen", "assert", "sleep", "usleep", "printf_s")
# Calls that a file may make though the rule forbids them: (file, call) and why.
CALLS = {
    ("proto/mem.c", "malloc"): "the one place that allocates",
    ("proto/mem.c", "calloc"): "the one place that allocates",
    ("proto/mem.c", "realloc"): "the one place that allocates",
    ("proto/mem.c", "free"): "the one place that allocates",
}

# --- sizes ----------------------------------------------------------------------------------------

FILE_LINES_MAX = 800
FILE_LINES_ADVISED = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

# --- proof ----------------------------------------------------------------------------------------

# Every decoder of bytes from a peer, a disk or a file: its source, and its fuzz target and corpus.
DECODERS = {
    "proto/noise.c": "noise",
    "proto/frame.c": "frame",
    "proto/squeeze.c": "squeeze",
    "proto/channel.c": "channel",
    "proto/mp.c": "mp",
    "proto/message.c": "message",
    "proto/item.c": "item",
    "proto/control.c": "control",
    "replicas/json.c": "json",
    "replicas/record_parse.c": "record",
    "replicas/op_list.c": "op",
    "replicas/commit.c": "commit",
    "replicas/charter_parse.c": "charter",
    "replicas/tree_entry.c": "tree",
    "replicas/jframe.c": "journal",
    "replicas/feedpart.c": "feed",
    "replicas/cells.c": "csv",
}
# Sources without a test file of their own, and where they are tested.
UNTESTED = {}
