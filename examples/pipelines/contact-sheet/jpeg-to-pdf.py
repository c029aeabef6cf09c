#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# jpeg-to-pdf.py WIDTH HEIGHT FILE.jpg > FILE.pdf: a page that is one JPEG in colour. (img2pdf does more.)
import sys

width, height, jpeg = sys.argv[1], sys.argv[2], open(sys.argv[3], 'rb').read()
draw = f'{width} 0 0 {height} 0 0 cm /I Do'
page = f'/Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>'
image = f'/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode/Length {len(jpeg)}'
parts = [b'<</Type/Catalog/Pages 2 0 R>>', b'<</Type/Pages/Kids[3 0 R]/Count 1>>', f'<<{page}>>'.encode(),
         f'<</Length {len(draw)}>>stream\n{draw}\nendstream'.encode(), f'<<{image}>>stream\n'.encode() + jpeg + b'\nendstream']
pdf, places = b'%PDF-1.4\n', ''
for number, part in enumerate(parts, 1):
    places += f'{len(pdf):010} 00000 n \n'
    pdf += b'%d 0 obj\n%s\nendobj\n' % (number, part)
end = f'xref\n0 6\n0000000000 65535 f \n{places}trailer<</Size 6/Root 1 0 R>>\nstartxref\n{len(pdf)}\n%%EOF\n'
sys.stdout.buffer.write(pdf + end.encode())
