/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CRC-32C (Castagnoli, RFC 3720): a checksum of bytes, the same on every machine. Uses the
 * instruction of x86-64 (SSE4.2) or ARMv8 if the processor has it.
 */
#ifndef TCPSTATES_LIB_CRC32C_H
#define TCPSTATES_LIB_CRC32C_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __aarch64__
#include <sys/auxv.h>
#endif

/* The state before the first byte; the checksum is the complement of the state after the last. */
#define CRC32C_BEGIN 0xffffffffu

static inline uint64_t crc32c_load(const void *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

static inline uint32_t crc32c_load_half(const void *bytes)
{
	uint32_t half;

	memcpy(&half, bytes, sizeof(half));
	return le32toh(half);
}

/* The state after these bytes, computed in software on any machine. */
uint32_t crc32c_by_table(uint32_t state, const void *data, size_t size);

/* The state is as wide as a register: otherwise each step would truncate it. */
#if defined(__x86_64__)

static inline bool crc32c_has_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}

#define CRC32C_STEP(suffix, modifier, type)                                                \
	static inline uint64_t crc32c_step_##type(uint64_t state, type value)              \
	{                                                                                  \
		__asm__("crc32" suffix " %1, %" modifier "0" : "+r"(state) : "rm"(value)); \
		return state;                                                              \
	}

CRC32C_STEP("q", "q", uint64_t)
CRC32C_STEP("l", "k", uint32_t)
CRC32C_STEP("b", "k", uint8_t)

#elif defined(__aarch64__)

/* HWCAP_CRC32 of asm/hwcap.h. */
static inline bool crc32c_has_instruction(void)
{
	return getauxval(AT_HWCAP) & 1 << 7;
}

#define CRC32C_STEP(suffix, modifier, type)                                                \
	static inline uint64_t crc32c_step_##type(uint64_t state, type value)              \
	{                                                                                  \
		__asm__(".arch_extension crc\n\tcrc32c" suffix " %w0, %w0, %" modifier "1" \
			: "+r"(state)                                                      \
			: "r"(value));                                                     \
		return state;                                                              \
	}

CRC32C_STEP("x", "x", uint64_t)
CRC32C_STEP("w", "w", uint32_t)
CRC32C_STEP("b", "w", uint8_t)

#else

static inline bool crc32c_has_instruction(void)
{
	return false;
}

/* Never called. */
#define CRC32C_STEP(type)                                                     \
	static inline uint64_t crc32c_step_##type(uint64_t state, type value) \
	{                                                                     \
		return crc32c_by_table(state, &value, sizeof(value));         \
	}

CRC32C_STEP(uint64_t)
CRC32C_STEP(uint32_t)
CRC32C_STEP(uint8_t)

#endif

#undef CRC32C_STEP

/* The state after these bytes. Inline: a constant size needs no loop. */
static inline __attribute__((always_inline)) uint32_t crc32c(uint32_t state, const void *data,
							     size_t size)
{
	const unsigned char *bytes = data;
	uint64_t wide = state;
	size_t at = 0;

	if (!crc32c_has_instruction())
		return crc32c_by_table(state, data, size);
#pragma GCC unroll 40
	for (; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t))
		wide = crc32c_step_uint64_t(wide, crc32c_load(bytes + at));
	if (at + sizeof(uint32_t) <= size) {
		wide = crc32c_step_uint32_t(wide, crc32c_load_half(bytes + at));
		at += sizeof(uint32_t);
	}
#pragma GCC unroll 4
	for (; at < size; at++)
		wide = crc32c_step_uint8_t(wide, bytes[at]);
	return wide;
}

#endif
