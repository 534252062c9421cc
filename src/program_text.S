/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PROGRAM_TEXT_FILE is made by the Makefile of src/bpf and the headers it shares with user space. */
	.section .rodata
	.global program_text
	.global program_text_end
program_text:
	.incbin PROGRAM_TEXT_FILE
program_text_end:
	.section .note.GNU-stack, "", %progbits
