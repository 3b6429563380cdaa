#include "handlers/handlers.h"

#include <memory>

#include "fetch_run.h"

namespace dataflow::kafka {

namespace {

constexpr int16_t kFirstWithSessions = 7;

constexpr int32_t kOpenSession = 0;
constexpr int32_t kNoSession = -1;

// Sessions are not offered: every answer says session 0, so that a client goes on sending whole
// requests. Any other epoch continues a session, which cannot be ours.
bool continues_a_session(const wire::FetchRequest& question, int16_t version) {
  return version >= kFirstWithSessions && question.session_epoch != kOpenSession &&
         question.session_epoch != kNoSession;
}

}  // namespace

void handle_fetch(Request& request) {
  auto question = request.decode<wire::FetchRequest>();
  if (!question) return;
  if (continues_a_session(*question, request.version())) {
    wire::FetchResponse answer;
    answer.error_code = wire::ErrorCode::kFetchSessionIdNotFound;
    request.broker.metrics.error(answer.error_code);
    return request.reply.send(answer);
  }
  std::make_shared<FetchRun>(request, std::move(*question))->start();
}

}  // namespace dataflow::kafka
