// How consume writes a record: kcat's format language, or JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "cli/document.h"
#include "types/record.h"

namespace dataflow::cli {

// %t topic, %p partition, %o offset, %k key, %s or %v value, %S and %K their lengths in bytes (-1
// for null), %R and the like as in kcat: length as 4 bytes; %T timestamp in ms, %h headers as
// name=value with commas, %H how many, %% a percent sign, and the escapes \n \t \r \0 \\ \xHH.
class RecordFormat {
 public:
  // Usage error for an unknown one, naming it.
  static Result<RecordFormat> parse(std::string_view text);
  void append(std::string& out, std::string_view topic, int32_t partition,
              const Record& record) const;

 private:
  struct Part {
    char kind = 0;  // 0: `text` as it is
    std::string text;
  };
  std::vector<Part> parts_;
};

// {"stream","partition","offset","timestamp","key","value","headers"}. A value that is a JSON
// object or array stands as such, any other as a text; bytes that are no UTF-8 are {"base64": …}.
Document record_document(std::string_view topic, int32_t partition, const Record& record);

std::string to_base64(std::string_view bytes);

}  // namespace dataflow::cli
