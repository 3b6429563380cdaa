// What the server tells of pipelines, as people and programs read it.
#pragma once

#include <string>

#include "cli/session.h"

namespace dataflow::cli {

// Sends to `path` of the server; an answer that is a problem becomes the Status that fits it.
Result<Document> ask_pipelines(Session& session, const std::string& method, const std::string& path,
                               const std::string& body = "");

void print_pipelines(Session& session, const Document& page);
// What befell one, a line each.
void print_events(Session& session, const Document& page);
// What its operators keep, a line for each table; and the windows that they have open.
void print_state(Session& session, const Document& page);
void print_windows(Session& session, const Document& page);
void print_savepoints(Session& session, const Document& page);
// Of one: what it is, and its operators and splits where the page has them.
void print_pipeline(Session& session, const Document& page);

}  // namespace dataflow::cli
