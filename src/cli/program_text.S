/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Makefile makes PROGRAM_TEXT_FILE from src/bpf and the headers it shares with user space. */
	.section .rodata
	.global program_text
	.global program_text_size
program_text:
	.incbin PROGRAM_TEXT_FILE
program_text_end:
	.balign 4
program_text_size:
	.long program_text_end - program_text
	.section .note.GNU-stack, "", %progbits
