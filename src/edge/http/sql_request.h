// What a request about SQL says.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "edge/http/server.h"
#include "types/value.h"

namespace dataflow::http {

struct SqlRequest {
  std::string statement;
  std::vector<nlohmann::json> parameters;
  std::map<std::string, std::string> settings;
};

// A body of JSON, or (where `plain`) the statement itself. kInvalid for what is deep, no UTF-8, or
// has a key that nobody knows.
Result<SqlRequest> read_sql_request(const Request& request, bool plain);

// The values of $1, $2, …, each as the format json reads it.
Result<std::vector<Value>> read_parameters(const std::vector<Type>& types,
                                           const std::vector<nlohmann::json>& given);

// A whole number of the query; `usual` where there is none. kInvalid names what may stand there.
Result<int64_t> query_number(const Request& request, const std::string& name, int64_t usual,
                             int64_t least, int64_t most);

enum class RowFormat : uint8_t { kJson, kCsv, kArrow, kEvents };
// kUnsupported says which there are.
Result<RowFormat> row_format(const Request& request);
const char* content_type_of(RowFormat format);

}  // namespace dataflow::http
