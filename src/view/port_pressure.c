// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When local ports run out, and what is said then. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/address.h"
#include "view/port_pressure.h"

#define WARNING_PERCENT 60
#define ERROR_PERCENT   90

static uint32_t taken_at_peak(const struct port_peak *peak)
{
	return peak->live + peak->time_wait;
}

static unsigned int percent_at_peak(const struct port_peak *peak)
{
	uint64_t percent = peak->of ? (uint64_t)taken_at_peak(peak) * 100 / peak->of : 0;

	return percent > 100 ? 100 : (unsigned int)percent;
}

static uint64_t failed_of(const struct port_pool *pool)
{
	return pool->whole.failed + pool->lately.failed;
}

enum severity port_pressure_of(const struct port_pool *pool)
{
	unsigned int percent = percent_at_peak(&pool->peak);

	if (!pool->is_match)
		return SEVERITY_OK;
	if (percent >= ERROR_PERCENT || failed_of(pool))
		return SEVERITY_ERROR;
	return percent >= WARNING_PERCENT ? SEVERITY_WARNING : SEVERITY_OK;
}

/* An address as text. */
struct host {
	char text[ADDRESS_IPV6_SIZE_MAX + 1];
};

static struct host host_of(const uint8_t *address)
{
	struct host host = {""};
	char *end = address_is_ipv4(address)
			    ? address_write_ipv4(host.text, address + ADDRESS_IPV4_OFFSET)
			    : address_write_ipv6(host.text, address);

	*end = '\0';
	return host;
}

/* "from 10.0.0.1 to 10.0.0.2:80" */
static size_t say_ends(char *text, size_t size, const struct port_pool_key *key)
{
	return snprintf(text, size,
			address_is_ipv4(key->raddr) ? "from %s to %s:%u" : "from %s to [%s]:%u",
			host_of(key->laddr).text, host_of(key->raddr).text, key->rport);
}

/* "20 of 24 local ports from ... were taken at once (83 %): 4 live, 16 in TIME_WAIT" */
static size_t say_peak(char *text, size_t size, const struct port_pool *pool)
{
	const struct port_peak *peak = &pool->peak;
	size_t length = snprintf(text, size, "%" PRIu32 " of %s%" PRIu32 " local ports ",
				 taken_at_peak(peak), peak->is_most ? "at most " : "", peak->of);

	length += say_ends(text + length, size - length, &pool->key);
	length +=
		snprintf(text + length, size - length,
			 " were taken at once (%u %%): %" PRIu32 " live, %" PRIu32 " in TIME_WAIT",
			 percent_at_peak(peak), peak->live, peak->time_wait);
	if (*peak->maker.comm)
		length += snprintf(text + length, size - length, " (%" PRIu32 " of %.*s)",
				   peak->maker.count, TRANSITION_COMM_SIZE, peak->maker.comm);
	return length;
}

/* The range of a socket's own, and ports that are bound, are not known. */
static void say_failed(char *text, size_t size, const struct port_pool *pool)
{
	snprintf(text, size, "; %" PRIu64 " connect() calls found none%s", failed_of(pool),
		 percent_at_peak(&pool->peak) >= ERROR_PERCENT
			 ? ""
			 : ": their range may be narrower (IP_LOCAL_PORT_RANGE), or others have "
			   "bound the ports");
}

static void say(char *text, size_t size, const struct port_pool *pool)
{
	size_t length;

	if (pool->peak.of) {
		length = say_peak(text, size, pool);
		if (failed_of(pool))
			say_failed(text + length, size - length, pool);
		return;
	}
	length = snprintf(text, size, "%" PRIu64 " connect() calls ", failed_of(pool));
	length += say_ends(text + length, size - length, &pool->key);
	snprintf(text + length, size - length,
		 " found no free local port; how many there are is not known");
}

static void describe(struct port_pressure *as, const struct port_pool *pool)
{
	const struct port_peak *peak = &pool->peak;

	*as = (struct port_pressure){
		.group = {.role = SESSION_CLIENT,
			  .ip = address_is_ipv4(pool->key.raddr) ? 4 : 6,
			  .port = pool->key.rport,
			  .sessions = peak->of},
		.cases = {.count = taken_at_peak(peak),
			  .first_ns = peak->time_ns,
			  .last_ns = pool->failed_ns > peak->time_ns ? pool->failed_ns
								     : peak->time_ns},
	};
	if (!peak->of)
		as->cases.first_ns = pool->failed_ns;
	memcpy(as->group.raddr, pool->key.raddr, sizeof(as->group.raddr));
	memcpy(as->group.comm, peak->maker.comm, sizeof(as->group.comm));
}

void port_pressure_say(struct finding_row *row, struct port_pressure *as,
		       const struct port_pool *pool)
{
	describe(as, pool);
	row->severity = port_pressure_of(pool);
	row->group = &as->group;
	row->cases = &as->cases;
	say(row->text, sizeof(row->text), pool);
	snprintf(row->command, sizeof(row->command), "tcpstates --ports --remote %s -D %u",
		 host_of(pool->key.raddr).text, pool->key.rport);
}
