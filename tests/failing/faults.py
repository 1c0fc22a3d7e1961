"""The page that failing.c shares with us: what is to fail, and what was seen.

A kind is a system call's name, or ALLOCATION. Each fails in the ways that its manual page lists.
"""
import errno
import mmap
import os
import struct

KINDS, ALLOCATION_KIND, SHORT, LIBRARIES, NAME_BYTES, FRAMES, FRAME_BYTES = \
    512, 500, 4096, 64, 64, 24, 96
ALLOCATION = 'allocation'
HEAD = struct.Struct('=IIQQQQ')
SEEN_AT = HEAD.size
ALLOCATED_AT = SEEN_AT + 8 * KINDS
NAMES_AT = ALLOCATED_AT + 8 * LIBRARIES
FRAMES_AT = NAMES_AT + LIBRARIES * NAME_BYTES
BYTES = FRAMES_AT + FRAMES * FRAME_BYTES

# name: (number, the ways in which it fails). brk is left out: what it answers is no errno.
CALLS = {
    'read': (0, ['EIO', 'EINTR', 'SHORT']),
    'write': (1, ['EIO', 'ENOSPC', 'EINTR', 'SHORT']),
    'open': (2, ['EMFILE', 'EIO']),
    'close': (3, ['EIO']),
    'stat': (4, ['EIO']),
    'fstat': (5, ['EIO']),
    'lstat': (6, ['EIO']),
    'poll': (7, ['EINTR', 'ENOMEM']),
    'lseek': (8, ['EIO']),
    'mmap': (9, ['ENOMEM']),
    'ioctl': (16, ['EIO']),
    'pread64': (17, ['EIO', 'SHORT']),
    'pwrite64': (18, ['EIO', 'ENOSPC', 'SHORT']),
    'readv': (19, ['EIO']),
    'writev': (20, ['EIO', 'ENOSPC']),
    'access': (21, ['EIO']),
    'pipe': (22, ['EMFILE']),
    'mremap': (25, ['ENOMEM']),
    'dup': (32, ['EMFILE']),
    'socket': (41, ['EMFILE']),
    'connect': (42, ['ENETUNREACH', 'EINTR']),
    'accept': (43, ['EMFILE', 'ECONNABORTED']),
    'sendto': (44, ['ECONNRESET', 'EINTR', 'SHORT']),
    'recvfrom': (45, ['ECONNRESET', 'EINTR', 'SHORT']),
    'sendmsg': (46, ['ECONNRESET', 'EINTR']),
    'recvmsg': (47, ['ECONNRESET', 'EINTR']),
    'bind': (49, ['EADDRINUSE']),
    'listen': (50, ['EADDRINUSE']),
    'getsockname': (51, ['ENOBUFS']),
    'getpeername': (52, ['ENOTCONN']),
    'socketpair': (53, ['EMFILE']),
    'setsockopt': (54, ['ENOMEM']),
    'getsockopt': (55, ['ENOMEM']),
    'fcntl': (72, ['ENOLCK', 'EINTR']),
    'flock': (73, ['ENOLCK', 'EINTR']),
    'fsync': (74, ['EIO', 'ENOSPC']),
    'fdatasync': (75, ['EIO', 'ENOSPC']),
    'ftruncate': (77, ['EIO', 'ENOSPC']),
    'getdents': (78, ['EIO']),
    'getcwd': (79, ['ENOMEM']),
    'rename': (82, ['EIO', 'ENOSPC']),
    'mkdir': (83, ['ENOSPC']),
    'rmdir': (84, ['EIO']),
    'link': (86, ['EIO', 'EMLINK']),
    'unlink': (87, ['EIO']),
    'symlink': (88, ['EIO']),
    'readlink': (89, ['EIO']),
    'chmod': (90, ['EIO']),
    'fchmod': (91, ['EIO']),
    'statfs': (137, ['EIO']),
    'prlimit64': (302, ['EPERM']),
    'getdents64': (217, ['EIO']),
    'epoll_wait': (232, ['EINTR']),
    'openat': (257, ['EMFILE', 'EIO', 'ENOMEM']),
    'mkdirat': (258, ['ENOSPC']),
    'newfstatat': (262, ['EIO']),
    'unlinkat': (263, ['EIO']),
    'renameat': (264, ['EIO', 'ENOSPC']),
    'linkat': (265, ['EIO']),
    'fchmodat': (268, ['EIO']),
    'utimensat': (280, ['EIO']),
    'epoll_pwait': (281, ['EINTR']),
    'fallocate': (285, ['ENOSPC']),
    'accept4': (288, ['EMFILE', 'ECONNABORTED', 'EINTR']),
    'eventfd2': (290, ['EMFILE']),
    'epoll_create1': (291, ['EMFILE']),
    'pipe2': (293, ['EMFILE']),
    'preadv': (295, ['EIO']),
    'pwritev': (296, ['EIO', 'ENOSPC']),
    'renameat2': (316, ['EIO', 'ENOSPC']),
    'getrandom': (318, ['EINTR', 'SHORT']),
    'copy_file_range': (326, ['EIO']),
    'statx': (332, ['EIO']),
    'faccessat2': (439, ['EIO']),
}
NUMBER = {name: number for name, (number, _) in CALLS.items()} | {ALLOCATION: ALLOCATION_KIND}
NAME = {number: name for name, number in NUMBER.items()}


def ways_of(kind):
    return ['ENOMEM'] if kind == ALLOCATION else CALLS[kind][1]


class Page:
    """One page, for one program at a time."""

    def __init__(self, path, library):
        self.path, self.library = path, library
        with open(path, 'wb') as file:
            file.write(bytes(BYTES))
        with open(path, 'r+b') as file:
            self.map = mmap.mmap(file.fileno(), BYTES)
        self.reset()

    def environment(self, calls=True):
        """What a program needs to be under our hand; 'calls': its system calls too."""
        more = {'LD_PRELOAD': self.library, 'FAILING_PAGE': self.path}
        return os.environ | more | ({'FAILING_SYSCALLS': '1'} if calls else {})

    def reset(self):
        self.map[:FRAMES_AT + FRAMES * FRAME_BYTES] = bytes(BYTES)
        HEAD.pack_into(self.map, 0, KINDS, 0, 0, 0, 0, 0)

    def forget(self):
        """Count from here on; the names of the libraries stay."""
        self.map[SEEN_AT:NAMES_AT] = bytes(NAMES_AT - SEEN_AT)

    def arm(self, kind, first, way, calls=1):
        error = SHORT if way == 'SHORT' else getattr(errno, way)
        HEAD.pack_into(self.map, 0, KINDS, error, first, calls, 0, 0)
        struct.pack_into('=I', self.map, 0, NUMBER[kind])

    def disarm(self):
        """How many calls were made to fail since it was armed."""
        struct.pack_into('=I', self.map, 0, KINDS)
        return HEAD.unpack_from(self.map, 0)[5]

    def seen(self):
        """{kind: calls} of the kinds that we make fail."""
        counts = struct.unpack_from(f'={KINDS}Q', self.map, SEEN_AT)
        return {NAME[i]: n for i, n in enumerate(counts) if n > 0 and i in NAME}

    def allocated(self):
        """{library: allocations}"""
        out = {}
        for i, n in enumerate(struct.unpack_from(f'={LIBRARIES}Q', self.map, ALLOCATED_AT)):
            at = NAMES_AT + i * NAME_BYTES
            name = self.map[at:at + NAME_BYTES].split(b'\0')[0].decode()
            if n > 0:
                out[name] = out.get(name, 0) + n
        return out

    def stack(self):
        """The last call that failed: 'file+0xoffset', the innermost first."""
        frames = []
        for i in range(FRAMES):
            at = FRAMES_AT + i * FRAME_BYTES
            frames.append(self.map[at:at + FRAME_BYTES].split(b'\0')[0].decode())
        return [f for f in frames if f and not f.startswith('libfailing')]
