liblead_a_SOURCES += src/lead/record.c src/lead/record.h
