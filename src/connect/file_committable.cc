#include "file_committable.h"

#include <algorithm>
#include <charconv>

namespace dataflow::connect {
namespace {

void append_file(std::string& out, std::string_view what, const StagedFile& file) {
  out += std::string(what) + " " + file.staged + " " + std::to_string(file.bytes) + " " +
         file.final + "\n";
}

std::string_view take_until(std::string_view& rest, char end) {
  const size_t size = std::min(rest.find(end), rest.size());
  const std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return taken;
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// Names of which none is empty, nor leads elsewhere.
bool stays_within(std::string_view path) {
  if (path.empty() || path.ends_with('/')) return false;
  while (!path.empty()) {
    const std::string_view name = take_until(path, '/');
    if (name.empty() || name == "." || name == "..") return false;
  }
  return true;
}

bool read_file(std::string_view words, StagedFile& file) {
  file.staged = std::string(take_until(words, ' '));
  const bool number = read_number(take_until(words, ' '), file.bytes);
  file.final = std::string(words);
  return number && !file.staged.empty() && file.staged.find('/') == std::string::npos &&
         stays_within(file.final);
}

}  // namespace

std::string encode_file_committable(const FileCommittable& committable) {
  std::string out = "writer " + std::to_string(committable.writer) + "\n";
  for (const StagedFile& file : committable.done) append_file(out, "done", file);
  for (const StagedFile& file : committable.open) append_file(out, "open", file);
  return out;
}

Result<FileCommittable> decode_file_committable(std::string_view bytes) {
  const Status wrong = Status::corrupt("a file sink's committable cannot be read: `" +
                                       std::string(bytes.substr(0, 200)) + "`");
  FileCommittable out;
  std::string_view rest = bytes;
  std::string_view line = take_until(rest, '\n');
  if (take_until(line, ' ') != "writer" || !read_number(line, out.writer)) return wrong;
  while (!rest.empty()) {
    line = take_until(rest, '\n');
    const std::string_view what = take_until(line, ' ');
    StagedFile file;
    if ((what != "done" && what != "open") || !read_file(line, file)) return wrong;
    (what == "done" ? out.done : out.open).push_back(std::move(file));
  }
  return out;
}

}  // namespace dataflow::connect
