#include "data_dir.h"

#include <charconv>

#include "base/durable_dirs.h"
#include "base/uuid.h"

namespace dataflow::server {
namespace {

constexpr meta::Table kClusterTable{32, "cluster"};
constexpr std::string_view kFormatWord = "dataflow ";

Status check_format(Env& env, const std::string& path) {
  const std::string file = path + "/format";
  Result<std::string> text = env.read_file(file, 4096);
  if (!text.ok() && text.status().code() != StatusCode::kNotFound) return text.status();
  if (!text.ok()) {
    return env.write_file_durably(file,
                                  std::string(kFormatWord) + std::to_string(kDataFormat) + "\n");
  }
  int format = 0;
  const bool ours = text->starts_with(kFormatWord);
  if (ours) {
    std::from_chars(text->data() + kFormatWord.size(), text->data() + text->size(), format);
  }
  if (format <= 0) {
    return Status::corrupt(file +
                           " does not say which format the data has; if this folder is not "
                           "DataFlow's, choose another one with --data-dir");
  }
  if (format > kDataFormat) {
    return Status::unsupported(
        "the data in " + path + " has format " + std::to_string(format) +
        " and was written by a newer DataFlow; this build reads up to format " +
        std::to_string(kDataFormat) + ": use a newer build");
  }
  return {};
}

}  // namespace

Result<DataDir> open_data_dir(Env& env, const std::string& path, const std::string& words) {
  DataDir dir;
  dir.path = path;
  DF_RETURN_IF_ERROR(create_dirs_durably(env, path));
  DF_ASSIGN_OR_RETURN(dir.lock, env.lock(path + "/lock", words));
  DF_RETURN_IF_ERROR(check_format(env, path));
  return dir;
}

Result<std::string> cluster_id(Env& env, meta::Store& store) {
  DF_ASSIGN_OR_RETURN(std::optional<std::string> id, store.get(kClusterTable, "id"));
  if (id) return *id;
  std::string made = Uuid::random(env).to_base64();
  meta::WriteBatch batch;
  batch.put(kClusterTable, "id", made);
  DF_RETURN_IF_ERROR(store.commit(std::move(batch)));
  return made;
}

}  // namespace dataflow::server
