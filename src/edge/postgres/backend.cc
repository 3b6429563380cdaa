#include "backend.h"

#include "base/bytes.h"

namespace dataflow::postgres {

size_t BackendWriter::begin(char type) {
  out_ += type;
  append_be32(out_, 0);
  return out_.size();
}

void BackendWriter::end(size_t at) {
  store_be32(out_.data() + at - 4, static_cast<uint32_t>(out_.size() - at + 4));
}

// A NUL would end it too early.
void BackendWriter::text(std::string_view text) {
  out_ += text.substr(0, text.find('\0'));
  out_ += '\0';
}

void BackendWriter::authentication_ok() {
  const size_t at = begin('R');
  append_be32(out_, 0);
  end(at);
}

void BackendWriter::negotiate_protocol(uint32_t version,
                                       const std::vector<std::string>& unknown_options) {
  const size_t at = begin('v');
  append_be32(out_, version);
  append_be32(out_, static_cast<uint32_t>(unknown_options.size()));
  for (const std::string& option : unknown_options) text(option);
  end(at);
}

void BackendWriter::parameter_status(std::string_view name, std::string_view value) {
  const size_t at = begin('S');
  text(name);
  text(value);
  end(at);
}

void BackendWriter::backend_key(uint32_t process, std::string_view key) {
  const size_t at = begin('K');
  append_be32(out_, process);
  out_ += key;
  end(at);
}

void BackendWriter::ready(char transaction) {
  const size_t at = begin('Z');
  out_ += transaction;
  end(at);
}

void BackendWriter::fields_of(char type, const ErrorFields& fields) {
  const size_t at = begin(type);
  const auto field = [this](char code, std::string_view value) {
    if (value.empty()) return;
    out_ += code;
    text(value);
  };
  field('S', fields.severity);
  field('V', fields.severity);
  field('C', fields.sqlstate);
  field('M', fields.message);
  field('D', fields.detail);
  field('H', fields.hint);
  if (fields.position > 0) field('P', std::to_string(fields.position));
  out_ += '\0';
  end(at);
}

void BackendWriter::row_description(std::span<const ColumnDescription> columns) {
  const size_t at = begin('T');
  append_be16(out_, static_cast<uint16_t>(columns.size()));
  for (const ColumnDescription& column : columns) {
    text(column.name);
    append_be32(out_, 0);  // its table
    append_be16(out_, 0);  // and its place there
    append_be32(out_, column.oid);
    append_be16(out_, static_cast<uint16_t>(column.size));
    append_be32(out_, static_cast<uint32_t>(column.modifier));
    append_be16(out_, static_cast<uint16_t>(column.format));
  }
  end(at);
}

void BackendWriter::parameter_description(std::span<const uint32_t> oids) {
  const size_t at = begin('t');
  append_be16(out_, static_cast<uint16_t>(oids.size()));
  for (const uint32_t oid : oids) append_be32(out_, oid);
  end(at);
}

void BackendWriter::command_complete(std::string_view tag) {
  const size_t at = begin('C');
  text(tag);
  end(at);
}

void BackendWriter::copy_begin(char type, WireFormat format, size_t columns) {
  const size_t at = begin(type);
  out_ += static_cast<char>(format);
  append_be16(out_, static_cast<uint16_t>(columns));
  for (size_t i = 0; i < columns; ++i) append_be16(out_, static_cast<uint16_t>(format));
  end(at);
}

}  // namespace dataflow::postgres
