// Values as PostgreSQL's clients send them: parameters of statements.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "types/value.h"

namespace dataflow::postgres {

// What PostgreSQL takes as a literal of such a type. 22P02, 22003 or 22007, naming the type and
// the text.
Result<Value> read_value_text(const Type& type, std::string_view text);

// The binary format of the type with that OID, as a value of `type`: one that is sent as another
// type goes through its text. 22P03 for bytes that are none.
Result<Value> read_value_binary(const Type& type, uint32_t oid, std::string_view bytes);

bool is_utf8(std::string_view text);

}  // namespace dataflow::postgres
