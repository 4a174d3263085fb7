/* xml: what every use of libxml2 begins with. */
#ifndef LEAD_MAIL_XML_H
#define LEAD_MAIL_XML_H

/* Makes libxml2 end the program when memory runs out (base/memory.h), where it would call the
 * document at an end. Any thread; once is enough in each, more does no harm. */
void xml_begin(void);

#endif
