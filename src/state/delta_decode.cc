#include <bit>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "delta_format.h"

namespace dataflow::state {

namespace {

Status corrupt(std::string_view what) {
  return Status::corrupt("reading a delta block: " + std::string(what));
}

// Takes pieces off the front; each is checked against what is left.
class Input {
 public:
  explicit Input(std::string_view bytes) : left_(bytes) {}

  Result<std::string_view> take(uint64_t size, std::string_view what) {
    if (size > left_.size()) {
      return corrupt(std::string(what) + " needs " + std::to_string(size) + " bytes, " +
                     std::to_string(left_.size()) + " are left");
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  Result<uint8_t> u8(std::string_view what) {
    DF_ASSIGN_OR_RETURN(const std::string_view raw, take(1, what));
    return static_cast<uint8_t>(raw[0]);
  }
  Result<uint32_t> u32(std::string_view what) {
    DF_ASSIGN_OR_RETURN(const std::string_view raw, take(4, what));
    return load_le32(raw.data());
  }
  bool at_end() const { return left_.empty(); }

 private:
  std::string_view left_;
};

Result<TableSpec> read_spec(Input& input) {
  DF_ASSIGN_OR_RETURN(const uint8_t format, input.u8("the format"));
  if (format > kDeltaFormat) {
    return Status::unsupported("reading a delta block: it has format " + std::to_string(format) +
                               ", this build reads up to " + std::to_string(kDeltaFormat) +
                               "; use a newer build");
  }
  if (format == 0) return corrupt("there is no format 0");
  TableSpec spec;
  DF_ASSIGN_OR_RETURN(spec.version, input.u8("the table's version"));
  DF_ASSIGN_OR_RETURN(const std::string_view length, input.take(2, "the name's length"));
  DF_ASSIGN_OR_RETURN(const std::string_view name,
                      input.take(load_le16(length.data()), "the table's name"));
  spec.name = name;
  DF_ASSIGN_OR_RETURN(const uint8_t columns, input.u8("the number of columns"));
  DF_ASSIGN_OR_RETURN(const std::string_view kinds, input.take(columns, "the columns' kinds"));
  for (const char kind : kinds) {
    if (kind < 1 || kind > static_cast<char>(ValueKind::kBytes)) {
      return corrupt("there is no kind of column " + std::to_string(+kind));
    }
    spec.columns.push_back(static_cast<ValueKind>(kind));
  }
  return spec;
}

// Where each of `count` pieces begins, and the last one ends; then their bytes.
Status read_pieces(Input& input, uint32_t count, std::string_view what,
                   std::vector<uint32_t>& begin, std::string_view& bytes) {
  DF_ASSIGN_OR_RETURN(const uint8_t width, input.u8(what));
  if (width > 4 || width == 3) return corrupt(std::string(what) + " have an unknown width");
  DF_ASSIGN_OR_RETURN(const std::string_view raw,
                      input.take(width == 0 ? 4 : uint64_t{width} * count, what));
  const uint32_t one = width == 0 ? load_le32(raw.data()) : 0;
  begin.resize(size_t{count} + 1);
  uint64_t at = 0;
  for (uint32_t i = 0; i < count; ++i) {
    begin[i] = static_cast<uint32_t>(at);
    switch (width) {
      case 0: at += one; break;
      case 1: at += static_cast<uint8_t>(raw[i]); break;
      case 2: at += load_le16(raw.data() + 2 * size_t{i}); break;
      default: at += load_le32(raw.data() + 4 * size_t{i}); break;
    }
    if (at > UINT32_MAX) return corrupt(std::string(what) + " add up to more than a block holds");
  }
  begin[count] = static_cast<uint32_t>(at);
  DF_ASSIGN_OR_RETURN(bytes, input.take(at, what));
  return {};
}

}  // namespace

Result<DeltaReader> DeltaReader::open(std::string_view block) {
  if (block.size() < 4) return corrupt("it has " + std::to_string(block.size()) + " bytes");
  const std::string_view body = block.substr(0, block.size() - 4);
  // A newer format may have another end.
  if (static_cast<uint8_t>(block[0]) <= kDeltaFormat &&
      crc32c(body) != load_le32(block.data() + body.size())) {
    return corrupt("its checksum does not fit");
  }
  return open_checked(body);
}

Result<DeltaReader> DeltaReader::open_checked(std::string_view body) {
  DeltaReader reader;
  DF_RETURN_IF_ERROR(reader.read_body(body));
  return reader;
}

Status DeltaReader::read_body(std::string_view body) {
  Input input(body);
  DF_ASSIGN_OR_RETURN(spec_, read_spec(input));
  DF_ASSIGN_OR_RETURN(rows_, input.u32("the number of rows"));
  DF_ASSIGN_OR_RETURN(const std::string_view ends, input.take(4 * kKeyGroups, "the directory"));
  for (size_t group = 0; group < kKeyGroups; ++group) {
    group_begin_[group + 1] = load_le32(ends.data() + 4 * group);
    if (group_begin_[group + 1] < group_begin_[group]) return corrupt("its directory runs back");
  }
  if (group_begin_[kKeyGroups] != rows_) return corrupt("its directory is not about all rows");
  DF_ASSIGN_OR_RETURN(put_bits_, input.take((uint64_t{rows_} + 7) / 8, "the rows' flags"));
  uint32_t puts = 0;
  for (size_t group = 0; group < kKeyGroups; ++group) {
    first_put_[group] = puts;
    for (uint32_t row = group_begin_[group]; row < group_begin_[group + 1]; ++row) {
      puts += is_put(row) ? 1 : 0;
    }
  }
  first_put_[kKeyGroups] = puts;

  DF_RETURN_IF_ERROR(read_pieces(input, rows_, "the keys", key_begin_, keys_));
  DF_ASSIGN_OR_RETURN(const uint8_t width, input.u8("the numbers' width"));
  if (width != 0 && width != 8) return corrupt("the numbers have an unknown width");
  one_number_ = width == 0;
  DF_ASSIGN_OR_RETURN(numbers_, input.take(one_number_ ? 8 : uint64_t{8} * rows_, "the numbers"));
  for (const ValueKind kind : spec_.columns) {
    Column& column = columns_.emplace_back();
    column.width = fixed_width(kind);
    if (column.width == 0) {
      DF_RETURN_IF_ERROR(read_pieces(input, puts, "the values", column.begin, column.values));
    } else {
      DF_ASSIGN_OR_RETURN(column.values,
                          input.take(uint64_t{column.width} * puts, "the values of a column"));
    }
  }
  if (!input.at_end()) return corrupt("bytes are left over");
  return {};
}

int64_t DeltaReader::number(uint32_t row) const {
  return static_cast<int64_t>(load_le64(numbers_.data() + (one_number_ ? 0 : 8 * size_t{row})));
}

std::string_view DeltaReader::value(size_t index, uint32_t put) const {
  const Column& column = columns_[index];
  if (column.width > 0) return column.values.substr(column.width * put, column.width);
  return column.values.substr(column.begin[put], column.begin[put + 1] - column.begin[put]);
}

}  // namespace dataflow::state
