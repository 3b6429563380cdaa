// What the server sends: messages put behind each other into one string, sent together.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend.h"

namespace dataflow::postgres {

// The fields of ErrorResponse and NoticeResponse; what is empty or 0 is left out.
struct ErrorFields {
  std::string severity = "ERROR";
  std::string sqlstate;
  std::string message;
  std::string detail;
  std::string hint;
  size_t position = 0;  // of a character in the query, from 1
};

struct ColumnDescription {
  std::string_view name;
  uint32_t oid = 0;
  int16_t size = -1;
  int32_t modifier = -1;
  WireFormat format = WireFormat::kText;
};

class BackendWriter {
 public:
  explicit BackendWriter(std::string& out) : out_(out) {}

  void authentication_ok();
  void negotiate_protocol(uint32_t version, const std::vector<std::string>& unknown_options);
  void parameter_status(std::string_view name, std::string_view value);
  void backend_key(uint32_t process, std::string_view key);
  void ready(char transaction);  // 'I', 'T' or 'E'
  void error(const ErrorFields& fields) { fields_of('E', fields); }
  void notice(const ErrorFields& fields) { fields_of('N', fields); }
  void row_description(std::span<const ColumnDescription> columns);
  void parameter_description(std::span<const uint32_t> oids);
  void command_complete(std::string_view tag);
  void empty_query() { bare('I'); }
  void parse_complete() { bare('1'); }
  void bind_complete() { bare('2'); }
  void close_complete() { bare('3'); }
  void no_data() { bare('n'); }
  void portal_suspended() { bare('s'); }
  void copy_in(WireFormat format, size_t columns) { copy_begin('G', format, columns); }
  void copy_out(WireFormat format, size_t columns) { copy_begin('H', format, columns); }
  void copy_done() { bare('c'); }

  // For what is written in place: begin() gives where, end() fills in the length.
  size_t begin(char type);
  void end(size_t at);

 private:
  void copy_begin(char type, WireFormat format, size_t columns);
  void bare(char type) { end(begin(type)); }
  void text(std::string_view text);
  void fields_of(char type, const ErrorFields& fields);

  std::string& out_;
};

}  // namespace dataflow::postgres
