namespace Folio.Engine.Tests.Persistence;

/// <summary>Whatever lies where the file of kept prefixes is expected: one warning or a lost block, never an exception or a wrong image.</summary>
public sealed class DamagedStoreTests
{
    private const int Blocks = 4;

    [Fact]
    public void A_file_cut_anywhere_costs_one_warning()
    {
        using StoreScene scene = Saved();
        int whole = (int)new FileInfo(scene.Path).Length;
        for (int length = whole - 1; length >= 0; length -= length is > 200 and < 4 * 4096 ? 97 : 1) // all of the header, all of the table
        {
            using (FileStream file = File.OpenWrite(scene.Path)) file.SetLength(length);
            using PrefixStore store = scene.Open(out string? warning);
            Assert.StartsWith($"{scene.Path}: the prefixes kept there are not used: ", warning);
            Assert.Equal(0, store.Count);
            Assert.Empty(scene.Kept(store));
        }
    }

    [Fact]
    public void A_bit_that_flips_anywhere_never_yields_a_wrong_image()
    {
        using StoreScene scene = Saved();
        byte[] whole = File.ReadAllBytes(scene.Path);
        int seed = Random.Shared.Next(), warned = 0, lost = 0, harmless = 0;
        var random = new Random(seed);
        try
        {
            for (int i = 0; i < 3000; i++)
            {
                int at = random.Next(3) switch
                {
                    0 => random.Next(PrefixFileHeader.Bytes),
                    1 => random.Next(whole.Length - Blocks * PrefixTable.RecordBytes(StoreScene.BlockSize), whole.Length),
                    _ => (1 + random.Next(Blocks)) * 4096 + random.Next(StoreScene.BytesPerBlock + 1), // an image, and the byte behind it
                };
                Write(at, (byte)(whole[at] ^ 1 << random.Next(8)));
                string? warning;
                int kept;
                using (PrefixStore store = scene.Open(out warning)) kept = scene.Kept(store).Length; // compares the images
                if (warning is not null) warned++;
                else if (kept < Blocks) lost++;
                else harmless++;
                Assert.True(warning is null || kept == 0);
                Write(at, whole[at]);
            }
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"seed {seed}", error);
        }

        Assert.True(warned > 500 && lost > 500 && harmless < 100, $"{warned} warnings, {lost} lost blocks, {harmless} of no matter");

        void Write(int at, byte value)
        {
            using FileStream file = File.OpenWrite(scene.Path);
            file.Position = at;
            file.WriteByte(value);
        }
    }

    [Fact]
    public void Random_bytes_cost_one_warning()
    {
        using StoreScene scene = Saved();
        byte[] whole = File.ReadAllBytes(scene.Path);
        var random = new Random(7);
        for (int i = 0; i < 300; i++)
        {
            var bytes = new byte[random.Next(1, 20_000)];
            random.NextBytes(bytes);
            if (i % 2 == 0) whole.AsSpan(0, Math.Min(bytes.Length, random.Next(PrefixFileHeader.Bytes))).CopyTo(bytes); // a good beginning
            File.WriteAllBytes(scene.Path, bytes);
            using PrefixStore store = scene.Open(out string? warning);
            Assert.NotNull(warning);
            Assert.Empty(scene.Kept(store));
        }
    }

    [Fact]
    public void A_lost_image_costs_its_block_and_those_behind_it_and_is_not_kept_again()
    {
        using StoreScene scene = Saved();
        byte[] bytes = File.ReadAllBytes(scene.Path);
        bytes[2 * 4096 + 5]++; // the second block of the chain
        File.WriteAllBytes(scene.Path, bytes);
        using PrefixStore store = scene.Open(out string? warning);
        Assert.Null(warning);
        Assert.Equal([0, 3], scene.Kept(store));
        Assert.Equal(1, store.Dropped);
        int added = scene.Add();
        Assert.Null(scene.Save(store, added));
        Assert.Equal([0, 3, added], scene.Kept());
    }

    [Fact]
    public void An_image_found_torn_while_saving_is_left_out_with_those_behind_it()
    {
        using StoreScene scene = Saved();
        byte[] bytes = File.ReadAllBytes(scene.Path);
        bytes[4096]++;
        File.WriteAllBytes(scene.Path, bytes);
        using PrefixStore store = scene.Open();
        int added = scene.Add();
        Assert.Null(scene.Save(store, added));
        Assert.Equal([3, added], scene.Kept());
    }

    [Fact]
    public void A_file_of_another_model_is_ignored_even_under_this_ones_name()
    {
        using StoreScene scene = Saved();
        string first = scene.Path;
        scene.Fingerprint = Digest.Of("another model");
        Assert.Empty(scene.Kept()); // no file has its name
        File.Move(first, scene.Path);
        using PrefixStore store = scene.Open(out string? warning);
        Assert.Equal($"{scene.Path}: the prefixes kept there are not used: it belongs to another model, other weights or another layout of blocks.", warning);
        Assert.Null(scene.Save(store));
        Assert.Equal([0, 1, 2, 3], scene.Kept());
    }

    [Fact]
    public void A_file_of_another_format_or_larger_than_allowed_is_ignored()
    {
        using StoreScene scene = Saved();
        byte[] bytes = File.ReadAllBytes(scene.Path);
        scene.MostBytes = bytes.Length - 1;
        scene.Open(out string? warning).Dispose();
        Assert.EndsWith($"; --prefix-cache-disk-space (PrefixCacheDiskSpace) allows {SizeText.Of(scene.MostBytes)}.", warning);

        scene.MostBytes = bytes.Length;
        bytes[8] = 77;
        File.WriteAllBytes(scene.Path, bytes);
        scene.Open(out warning).Dispose();
        Assert.EndsWith(": it is of format 77; this version of Folio reads format 1.", warning);
    }

    [Fact]
    public void A_folder_in_the_files_place_costs_one_warning_and_one_more_at_the_end()
    {
        using var scene = new StoreScene();
        scene.Add();
        Directory.CreateDirectory(scene.Path);
        using PrefixStore store = scene.Open();
        Assert.Equal(0, store.Count);
        Assert.StartsWith($"{scene.Path}: prefixes can't be kept: ", scene.Save(store));
        Assert.Empty(scene.Folder.Files);
    }

    /// <summary>A chain of three blocks and one alone.</summary>
    private static StoreScene Saved()
    {
        var scene = new StoreScene();
        scene.Add(scene.Add(scene.Add(uses: 3), uses: 2), uses: 1);
        scene.Add();
        scene.Save();
        return scene;
    }
}
