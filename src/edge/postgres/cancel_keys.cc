#include "cancel_keys.h"

namespace dataflow::postgres {
namespace {

// Takes as long wherever the first difference is.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned different = 0;
  for (size_t i = 0; i < a.size(); ++i) different |= static_cast<uint8_t>(a[i] ^ b[i]);
  return different == 0;
}

}  // namespace

std::optional<CancelKeys::Key> CancelKeys::enter(jobs::SqlSession& session, std::atomic<bool>& told,
                                                 size_t secret_bytes) {
  Key key;
  key.secret.resize(secret_bytes);
  env_.fill_random(key.secret);
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= most_) return std::nullopt;
  // Clients read the number as one with a sign, and 0 as none.
  do {
    last_ = last_ == INT32_MAX ? 1 : last_ + 1;
  } while (entries_.contains(last_));
  key.process = last_;
  entries_.emplace(last_, Entry{key.secret, &session, &told});
  return key;
}

void CancelKeys::leave(uint32_t process) {
  const std::lock_guard lock(mutex_);
  entries_.erase(process);
}

void CancelKeys::cancel(uint32_t process, std::string_view secret) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(process);
  if (found != entries_.end() && same_secret(found->second.secret, secret)) {
    *found->second.told = true;
    found->second.session->cancel();
  }
}

void CancelKeys::close(uint32_t process) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(process);
  if (found == entries_.end()) return;
  *found->second.told = true;
  found->second.session->close();
}

void CancelKeys::close_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [process, entry] : entries_) {
    *entry.told = true;
    entry.session->close();
  }
}

}  // namespace dataflow::postgres
