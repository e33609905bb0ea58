"""Pictures: nothing but what can be seen is ever stored."""

import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, ImageCms, PngImagePlugin

from playbook import pictures
from playbook.models import PlaybookImage
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "Amal Example, 5 Example Street"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{SECRET}</x:xmpmeta>'.encode()


def exif(orientation: int = 1) -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = SECRET
    data.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 22.0, 0.0)})
    return data


def png_text() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", SECRET)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return info


UPLOADS = {
    "jpeg": lambda: factories.picture_bytes(
        "JPEG", exif=exif(), comment=SECRET.encode(), icc_profile=PROFILE, xmp=XMP
    ),
    "png": lambda: factories.picture_bytes(
        "PNG", exif=exif(), pnginfo=png_text(), icc_profile=PROFILE
    ),
    "webp": lambda: factories.picture_bytes(
        "WEBP", exif=exif(), icc_profile=PROFILE, xmp=XMP, lossless=True
    ),
    "jpeg_with_a_tail": lambda: factories.picture_bytes("JPEG") + SECRET.encode(),
}


def stored_bytes(image):
    with image.file.storage.open(image.file.name) as file:
        return file.read()


@pytest.mark.parametrize("kind", UPLOADS)
def test_no_metadata_is_stored(site, kind):
    upload = UPLOADS[kind]()
    assert SECRET.encode() in upload or b"Amal" in upload
    kept = stored_bytes(factories.picture(upload))
    assert b"Amal" not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert not image.getexif()
        leftovers = {"exif", "xmp", "icc_profile", "comment", "Author", "XML:com.adobe.xmp"}
        assert not leftovers & set(image.info)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_the_admin_upload_stores_no_metadata_either(site, login, kind):
    login("editor").post(
        reverse("wagtailimages:add"),
        {
            "title": "A picture",
            "collection": "1",
            "file": SimpleUploadedFile(f"Amal at home.{kind}", UPLOADS[kind]()),
        },
    )
    image = PlaybookImage.objects.get()
    kept = stored_bytes(image)
    assert b"Amal" not in kept
    assert "Amal" not in image.file.name
    assert image.file_size == len(kept)


def test_replacing_the_file_cleans_the_new_one(site):
    image = factories.picture()
    image.file = SimpleUploadedFile("Amal.jpg", UPLOADS["jpeg"]())
    image.save()
    assert b"Amal" not in stored_bytes(image)
    assert "Amal" not in image.file.name


def test_saving_again_does_not_draw_again(site):
    image = factories.picture()
    before = (image.file.name, stored_bytes(image))
    image.title = "Another title"
    image.save()
    assert (image.file.name, stored_bytes(image)) == before


def test_a_sideways_picture_is_stored_upright(site):
    image = factories.picture(factories.picture_bytes("JPEG", (40, 20), exif=exif(6), quality=95))
    assert (image.width, image.height) == (20, 40)
    with Image.open(io.BytesIO(stored_bytes(image))) as upright:
        red, _green, blue = upright.getpixel((10, 5))
    assert red > 200 > 50 > blue


def test_transparency_stays(site):
    target = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(target, "PNG")
    kept = stored_bytes(factories.picture(target.getvalue(), "a.png"))
    with Image.open(io.BytesIO(kept)) as image:
        assert image.getpixel((0, 0))[3] == 0


def test_file_names_are_random(site):
    first, second = factories.picture(), factories.picture()
    assert first.file.name != second.file.name
    assert "IMG_1234" not in first.file.name


def test_too_many_pixels_are_refused_with_the_reason(site, monkeypatch):
    assert pictures.MAX_PIXELS == 40_000_000
    monkeypatch.setattr(pictures, "MAX_PIXELS", 799)
    with pytest.raises(ValidationError, match="40 million pixels"):
        factories.picture(factories.picture_bytes(size=(40, 20)))
    monkeypatch.setattr(pictures, "MAX_PIXELS", 800)
    factories.picture(factories.picture_bytes(size=(40, 20)))


def test_the_admin_shows_that_reason(site, login, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 10)
    answer = login("editor").post(
        reverse("wagtailimages:add"),
        {
            "title": "A picture",
            "collection": "1",
            "file": SimpleUploadedFile("a.jpg", factories.picture_bytes()),
        },
    )
    assert "more than 40 million pixels" in answer.content.decode()
    assert not PlaybookImage.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"not a picture",
        factories.picture_bytes("GIF"),
        factories.picture_bytes("TIFF"),
        factories.picture_bytes("JPEG")[:300],
    ],
    ids=["svg", "text", "gif", "tiff", "cut short"],
)
def test_other_kinds_and_damaged_files_are_refused(site, data):
    with pytest.raises(ValidationError, match="not a JPEG, PNG or WebP"):
        PlaybookImage.store(data, title="A picture")
    assert not PlaybookImage.objects.exists()


def test_bytes_from_elsewhere_are_cleaned_too(site):
    image = PlaybookImage.store(UPLOADS["jpeg"](), title="A picture")
    assert b"Amal" not in stored_bytes(image)
    assert (image.width, image.height, image.file_size) == (40, 20, len(stored_bytes(image)))
