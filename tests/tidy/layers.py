"""layers: dependencies point one way, by what is included and by what the archives need."""

import re
import subprocess

import table

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(source):
    for number, line in enumerate(source.lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def refused_by_proto(ours, name):
    if ours:
        return not name.startswith("proto/")
    return name not in table.C_HEADERS and name not in table.PROTO_LIBRARIES


def refused_by_replicas(ours, name):
    if ours:
        return not name.startswith("replicas/") and name not in table.BASE
    return name.startswith(table.SOCKET_HEADERS)


def refused_by_daemon(ours, name):
    return ours and not name.startswith(("daemon/", "replicas/", "proto/"))


def refused_by_cli(ours, name):
    if ours:
        return not name.startswith(("cli/", "replicas/")) and name not in table.BASE
    return name.startswith(("uv.h", "uv/"))


def refused_by_tests(ours, name):
    return False


REFUSED = {"proto": refused_by_proto, "replicas": refused_by_replicas,
           "daemon": refused_by_daemon, "cli": refused_by_cli, "tests": refused_by_tests}


def check_includes(sources, findings):
    for source in sources:
        for number, ours, name in includes(source):
            if ours and source.folder != "tests" and "/" not in name:
                findings.add("include-path", source.path, number,
                             f'include from the top: "{source.folder}/{name}"')
            elif REFUSED[source.folder](ours, name):
                findings.add("layer-include", source.path, number,
                             f"{source.folder}/ may not know {name}")
            elif not ours and name.startswith(("uv.h", "uv/")) and source.folder == "tests" \
                    and not source.path.startswith("tests/unit/daemon/"):
                findings.add("layer-include", source.path, number, "only daemon/ knows libuv")


def symbols(archive):
    """For each object of an archive: its stem, the names that it defines and those it needs."""
    listing = subprocess.run(["nm", "-A", "-g", archive], check=True, capture_output=True,
                             text=True).stdout
    objects = {}
    for line in listing.splitlines():
        match = re.match(r"[^:]*:([^:]+):\s*[0-9a-f]*\s+([A-Za-z]) (\S+)", line)
        if not match:
            continue
        stem = re.sub(r"\.c\.o$|\.o$", "", match.group(1))
        defined, needed = objects.setdefault(stem, (set(), set()))
        (needed if match.group(2) in "Uw" else defined).add(match.group(3).split("@")[0])
    return objects


def matches(patterns, name):
    return any(re.fullmatch(pattern, name) for pattern in patterns)


def check_proto(objects, findings):
    inside = set().union(*(defined for defined, _ in objects.values()))
    for stem, (_, needed) in sorted(objects.items()):
        allowed = table.PROTO_NEEDS + table.PROTO_NEEDS_OF.get(stem, ())
        for name in sorted(needed - inside):
            if not matches(allowed, name):
                findings.add("layer-symbol", f"proto/{stem}.c", 0,
                             f"needs {name}: proto/ is free of I/O, time, threads and randomness")


def check_replicas(objects, findings):
    for stem, (_, needed) in sorted(objects.items()):
        for name in sorted(needed):
            if matches(table.REPLICAS_NEVER, name):
                findings.add("layer-symbol", f"replicas/{stem}.c", 0,
                             f"needs {name}: replicas/ knows no socket and no machine of proto/")


def check_names(folder, objects, findings):
    for stem, (defined, _) in sorted(objects.items()):
        path = f"{folder}/{stem}.c"
        for name in sorted(defined):
            if name == stem or name.startswith(stem + "_"):
                continue
            if path in table.NAMES and re.fullmatch(table.NAMES[path][0], name):
                continue
            findings.add("export-name", path, 0, f"exports {name}: not {stem}_…")


def check_archives(folders, findings):
    """folders: folder name -> path of its archive."""
    for folder, archive in folders.items():
        objects = symbols(archive)
        check_names(folder, objects, findings)
        if folder == "proto":
            check_proto(objects, findings)
        if folder == "replicas":
            check_replicas(objects, findings)
