"""Writes and reads GGUF version 3 files: metadata and F32 or F16 tensors."""

import struct

import numpy as np

MAGIC, VERSION, ALIGNMENT = b"GGUF", 3, 32
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY, UINT64 = 4, 5, 6, 7, 8, 9, 10
SCALARS = {UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?", UINT64: "<Q"}
TENSOR_TYPES = {0: np.dtype("<f4"), 1: np.dtype("<f2")}
TENSOR_CODES = {dtype: code for code, dtype in TENSOR_TYPES.items()}


class Typed:
    """A metadata value whose GGUF type cannot be told from its Python type."""

    def __init__(self, kind, value):
        self.kind, self.value = kind, value


def u32(value):
    """An unsigned 32-bit metadata value."""
    return Typed(UINT32, value)


def array(kind, values):
    """A metadata array of one GGUF type."""
    return Typed(ARRAY, (kind, list(values)))


def write(path, metadata, tensors):
    """metadata: name to str, bool, float or Typed; tensors: name to F32/F16 array.

    The last axis of an array is the first dimension of the file (ne[0]).
    """
    infos, blobs, offset = [], [], 0
    for name, tensor in tensors.items():
        data = np.ascontiguousarray(tensor)
        blob = data.tobytes()
        infos.append(_string(name) + struct.pack("<I", data.ndim)
                     + struct.pack(f"<{data.ndim}Q", *reversed(data.shape))
                     + struct.pack("<IQ", TENSOR_CODES[data.dtype], offset))
        blobs.append(blob + _padding(len(blob)))
        offset += len(blobs[-1])
    head = MAGIC + struct.pack("<IQQ", VERSION, len(tensors), len(metadata))
    head += b"".join(_string(name) + _value(value) for name, value in metadata.items())
    head += b"".join(infos)
    with open(path, "wb") as file:
        file.write(head + _padding(len(head)) + b"".join(blobs))


def read(path):
    """(metadata as plain Python values, tensors by name) of a file."""
    with open(path, "rb") as file:
        cursor = _Cursor(file.read())
    if cursor.take(4) != MAGIC:
        raise ValueError(f"{path} is not GGUF")
    version, tensor_count, metadata_count = cursor.unpack("<IQQ")
    if version != VERSION:
        raise ValueError(f"GGUF version {version}, only {VERSION} is read")
    metadata = {}
    for _ in range(metadata_count):
        name = cursor.string()
        metadata[name] = cursor.value(cursor.unpack("<I")[0])
    infos = [cursor.tensor_info() for _ in range(tensor_count)]
    start = cursor.position + len(_padding(cursor.position))
    tensors = {}
    for name, shape, dtype, offset in infos:
        count = int(np.prod(shape))
        flat = np.frombuffer(cursor.data, dtype, count, start + offset)
        tensors[name] = flat.reshape(shape)
    return metadata, tensors


def _padding(length):
    return b"\0" * (-length % ALIGNMENT)


def _string(text):
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _scalar(kind, value):
    return _string(value) if kind == STRING else struct.pack(SCALARS[kind], value)


def _value(value):
    if isinstance(value, Typed) and value.kind == ARRAY:
        kind, items = value.value
        return (struct.pack("<IIQ", ARRAY, kind, len(items))
                + b"".join(_scalar(kind, item) for item in items))
    if isinstance(value, Typed):
        kind, value = value.kind, value.value
    else:
        kind = {str: STRING, bool: BOOL, float: FLOAT32}[type(value)]
    return struct.pack("<I", kind) + _scalar(kind, value)


class _Cursor:
    def __init__(self, data):
        self.data, self.position = data, 0

    def take(self, length):
        chunk = self.data[self.position:self.position + length]
        if len(chunk) < length:
            raise ValueError("the GGUF file is truncated")
        self.position += length
        return chunk

    def unpack(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def string(self):
        return self.take(self.unpack("<Q")[0]).decode("utf-8")

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, count = self.unpack("<IQ")
            return [self.value(inner) for _ in range(count)]
        return self.unpack(SCALARS[kind])[0]

    def tensor_info(self):
        name = self.string()
        (dimensions,) = self.unpack("<I")
        shape = tuple(reversed(self.unpack(f"<{dimensions}Q")))
        code, offset = self.unpack("<IQ")
        return name, shape, TENSOR_TYPES[code], offset
