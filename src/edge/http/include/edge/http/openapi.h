// What the HTTP port can be asked for, as an OpenAPI 3.1 document. A test compares it with the
// routes.
#pragma once

#include <string>

#include "edge/http/server.h"

namespace dataflow::http {

std::string openapi_document(const std::string& version);
// GET /api/v1/openapi.json
Route openapi_route(const std::string& version);

}  // namespace dataflow::http
