#include "base/crc32c.h"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace dataflow {
namespace {

// The polynomial with its bits reversed: bit 31 is the coefficient of x^0.
constexpr uint32_t kPolynomial = 0x82f63b78;

constexpr uint32_t times_x(uint32_t remainder) {
  return remainder >> 1 ^ ((remainder & 1) != 0 ? kPolynomial : 0);
}

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// tables[k][b]: what byte b followed by k zero bytes leaves, so that eight bytes take eight
// independent look-ups.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = times_x(remainder);
    tables[0][byte] = remainder;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

uint32_t crc32c_by_table(ByteView data, uint32_t seed) {
  uint32_t crc = ~seed;
  const char* p = data.data();
  size_t left = data.size();
  for (; left >= 8; p += 8, left -= 8) {
    const uint32_t low = load_le32(p) ^ crc;
    const uint32_t high = load_le32(p + 4);
    crc = kTables[7][low & 0xff] ^ kTables[6][low >> 8 & 0xff] ^ kTables[5][low >> 16 & 0xff] ^
          kTables[4][low >> 24] ^ kTables[3][high & 0xff] ^ kTables[2][high >> 8 & 0xff] ^
          kTables[1][high >> 16 & 0xff] ^ kTables[0][high >> 24];
  }
  for (; left > 0; ++p, --left)
    crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<uint8_t>(*p)) & 0xff];
  return ~crc;
}

#if defined(__x86_64__)
namespace {

constexpr uint32_t x_to_the(uint32_t power) {
  uint32_t remainder = 0x80000000;
  for (uint32_t i = 0; i < power; ++i) remainder = times_x(remainder);
  return remainder;
}

// The factor that moves a remainder over `bytes` zero bytes. A carry-less product of two reversed
// remainders comes out multiplied by x, and the crc32 instruction multiplies its 64-bit input by
// x^32: both are taken off here.
constexpr uint32_t shift_factor(uint32_t bytes) { return x_to_the(bytes * 8 - 33); }

__attribute__((target("sse4.2,pclmul"))) inline uint32_t shift(uint32_t crc, uint32_t factor) {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(crc)),
                                               _mm_cvtsi32_si128(static_cast<int>(factor)), 0);
  return static_cast<uint32_t>(_mm_crc32_u64(0, static_cast<uint64_t>(_mm_cvtsi128_si64(product))));
}

// The crc32 instruction takes three cycles but one can start in every cycle: three neighbouring
// blocks are summed side by side and their remainders put together at the end.
template <size_t kBlock>
__attribute__((target("sse4.2,pclmul"))) inline uint32_t sum_triples(const char*& p, size_t& left,
                                                                     uint32_t crc) {
  static_assert(kBlock % 8 == 0);
  constexpr uint32_t kOverOne = shift_factor(kBlock);
  constexpr uint32_t kOverTwo = shift_factor(2 * kBlock);
  for (; left >= 3 * kBlock; p += 3 * kBlock, left -= 3 * kBlock) {
    uint64_t first = crc;
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t i = 0; i < kBlock; i += 8) {
      first = _mm_crc32_u64(first, load_le64(p + i));
      second = _mm_crc32_u64(second, load_le64(p + kBlock + i));
      third = _mm_crc32_u64(third, load_le64(p + 2 * kBlock + i));
    }
    crc = shift(static_cast<uint32_t>(first), kOverTwo) ^
          shift(static_cast<uint32_t>(second), kOverOne) ^ static_cast<uint32_t>(third);
  }
  return crc;
}

__attribute__((target("sse4.2,pclmul"))) uint32_t crc32c_by_instruction(ByteView data,
                                                                        uint32_t seed) {
  const char* p = data.data();
  size_t left = data.size();
  uint32_t crc = ~seed;
  // Large blocks spare joins, small ones keep the serial rest short.
  crc = sum_triples<4096>(p, left, crc);
  crc = sum_triples<512>(p, left, crc);
  crc = sum_triples<64>(p, left, crc);
  uint64_t wide = crc;
  for (; left >= 8; p += 8, left -= 8) wide = _mm_crc32_u64(wide, load_le64(p));
  crc = static_cast<uint32_t>(wide);
  for (; left > 0; ++p, --left) crc = _mm_crc32_u8(crc, static_cast<uint8_t>(*p));
  return ~crc;
}

using Crc32c = uint32_t (*)(ByteView, uint32_t);

Crc32c fastest() {
  __builtin_cpu_init();
  const bool has_both = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
  return has_both ? crc32c_by_instruction : crc32c_by_table;
}

}  // namespace

uint32_t crc32c(ByteView data, uint32_t seed) {
  static const Crc32c kFastest = fastest();
  return kFastest(data, seed);
}
#else
uint32_t crc32c(ByteView data, uint32_t seed) { return crc32c_by_table(data, seed); }
#endif

}  // namespace dataflow
