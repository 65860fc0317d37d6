package transform

import (
	"context"
	"encoding/binary"

	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// iconSides are the sides of the pictures in an icon, in pixels: what PixLab's
// favicon has.
func iconSides() []uint8 { return []uint8{128, 64, 32} }

// writeICO encodes one frame as an icon: the picture as large as it fits into
// squares, which are clear around it.
func writeICO(ctx context.Context, img *vips.Image) ([]byte, error) {
	if err := img.Settle(); err != nil {
		return nil, damaged(err)
	}
	var files [][]byte
	for _, side := range iconSides() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file, err := iconPicture(ctx, img, int(side))
		if err != nil {
			return nil, damaged(err)
		}
		files = append(files, file)
	}
	return encodeICO(iconSides(), files), nil
}

// iconPicture encodes an image as PNG of 8 bits a channel, scaled into a square.
func iconPicture(ctx context.Context, img *vips.Image, side int) ([]byte, error) {
	icon := img.Copy()
	defer icon.Close()
	from, box := imageSize(icon), size{side, side}
	h, v := shrinks(from, box, inside)
	if err := icon.Resize(1/h, 1/v, vips.Lanczos3); err != nil {
		return nil, err
	}
	if err := icon.To(vips.SRGB); err != nil {
		return nil, err
	}
	if err := icon.AddAlpha(); err != nil {
		return nil, err
	}
	x, y := lay(imageSize(icon), box, position{})
	if err := icon.Embed(x, y, side, side, vips.Background, []float64{0, 0, 0, 0}); err != nil {
		return nil, err
	}
	e := encoderFor(media.PNG)
	return icon.Save(ctx, e.save, vips.Settings{Quality: e.quality, Effort: e.effort[0]}, nil)
}

// encodeICO puts PNGs, of squares with at most 255 pixels a side, into a file of
// Microsoft's format ICO: a head of 6 bytes, an entry of 16 for each picture, the
// pictures.
func encodeICO(sides []uint8, files [][]byte) []byte {
	const head, entry = 6, 16
	little := binary.LittleEndian
	ico := []byte{0, 0, 1, 0, byte(len(files)), 0} //nolint:gosec // reserved; 1 is an icon, 2 a cursor; how many, which are few
	at := head + entry*len(files)
	for i, file := range files {
		ico = append(ico, sides[i], sides[i], 0, 0, 1, 0, 32, 0) // no palette, reserved, one plane, 32 bits a pixel
		ico = little.AppendUint32(ico, uint32(len(file)))        //nolint:gosec // an icon is small
		ico = little.AppendUint32(ico, uint32(at))               //nolint:gosec // and so are all
		at += len(file)
	}
	for _, file := range files {
		ico = append(ico, file...)
	}
	return ico
}
