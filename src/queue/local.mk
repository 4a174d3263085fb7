liblead_a_SOURCES += src/queue/queue.h
