namespace Folio.Engine.Tests.Persistence;

public sealed class PrefixStoreTests
{
    [Fact]
    public void Kept_prefixes_are_found_again_block_by_block_with_their_images()
    {
        using var scene = new StoreScene();
        int system = scene.Add(), user = scene.Add(system), other = scene.Add(system);
        scene.Add(user);
        scene.Add(other, salt: "tenant");
        scene.Save();
        Assert.Equal([0, 1, 2, 3, 4], scene.Kept());
        Assert.Equal([Path.GetFileName(scene.Path)], scene.Folder.Files);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(scene.Path));
    }

    [Fact]
    public void A_block_is_found_by_its_exact_tokens_after_its_exact_parent()
    {
        using var scene = new StoreScene();
        int first = scene.Add(), second = scene.Add(first);
        scene.Save();
        using PrefixStore store = scene.Open();
        int record = store.Find(PrefixStore.Root, [0, 0, 0, 0], default);
        Assert.NotEqual(PrefixStore.None, record);
        Assert.NotEqual(PrefixStore.None, store.Find(record, [1, 1, 1, 1], default));
        Assert.Equal(PrefixStore.None, store.Find(record, [1, 1, 1, 2], default));
        Assert.Equal(PrefixStore.None, store.Find(PrefixStore.Root, [1, 1, 1, 1], default));
        Assert.Equal(2, store.Count);
    }

    [Fact]
    public void Nobody_finds_what_another_salt_has_left_and_everybody_what_is_shared()
    {
        using var scene = new StoreScene();
        int system = scene.Add(salt: null), mine = scene.Add(system, salt: "me"), own = scene.Add(salt: "me");
        int behindOwn = scene.Add(mine, salt: null); // shared, but behind a block that is not
        scene.Save();
        using PrefixStore store = scene.Open();
        Assert.NotEqual(PrefixStore.None, scene.Find(store, mine, salt: "me"));
        Assert.NotEqual(PrefixStore.None, scene.Find(store, own, salt: "me"));
        Assert.NotEqual(PrefixStore.None, scene.Find(store, system, salt: "you"));
        Assert.Equal(PrefixStore.None, scene.Find(store, mine, salt: "you"));
        Assert.Equal(PrefixStore.None, scene.Find(store, own, salt: "you"));
        Assert.Equal(PrefixStore.None, scene.Find(store, behindOwn, salt: "me"));
        Assert.Equal(PrefixStore.None, scene.Find(store, own, salt: ""));
    }

    [Fact]
    public void The_most_used_are_kept_where_room_is_scarce_and_no_block_without_those_before_it()
    {
        using var scene = new StoreScene { MostBytes = StoreScene.FileBytes(3) + 100 };
        int a = scene.Add(uses: 1), b = scene.Add(uses: 3);
        int afterA = scene.Add(a, uses: 1), end = scene.Add(afterA, uses: 5); // used as a whole
        scene.Save();
        Assert.Equal([a, afterA, end], scene.Kept());
        Assert.InRange(new FileInfo(scene.Path).Length, 1, scene.MostBytes);
        Assert.DoesNotContain(b, scene.Kept());
    }

    [Fact]
    public void What_only_the_file_has_is_kept_while_there_is_room_and_ages()
    {
        using var scene = new StoreScene { MostBytes = StoreScene.FileBytes(3) };
        int old = scene.Add(uses: 4), unused = scene.Add(uses: 0);
        scene.Save();
        int newer = scene.Add(uses: 1);
        SaveOnly(newer);
        Assert.Equal([old, unused, newer], scene.Kept());

        int better = scene.Add(uses: 9);
        SaveOnly(better);
        Assert.Equal([old, newer, better], scene.Kept()); // uses: 4 → 2 → 1, 1 → 0, 9
        int third = scene.Add(uses: 1);
        SaveOnly(third);
        Assert.Equal([old, better, third], scene.Kept());

        void SaveOnly(int block)
        {
            using PrefixStore store = scene.Open();
            Assert.Null(scene.Save(store, block));
        }
    }

    [Fact]
    public void Loading_counts_as_use()
    {
        using var scene = new StoreScene { MostBytes = StoreScene.FileBytes(1) };
        int a = scene.Add(uses: 1);
        scene.Save();
        int b = scene.Add(uses: 1);
        using PrefixStore store = scene.Open();
        var model = new StubModel(blocks: 2, blockSize: StoreScene.BytesPerBlock / 12);
        Assert.True(store.TryLoad(scene.Find(store, a), model, block: 1));
        Assert.True(store.TryLoad(scene.Find(store, a), model, block: 0));
        var image = new byte[StoreScene.BytesPerBlock];
        model.ReadBlock(1, image);
        Assert.Equal(StoreScene.Image(a), image);
        Assert.Null(scene.Save(store, b));
        Assert.Equal([a], scene.Kept());
    }

    [Fact]
    public void A_block_whose_parent_is_gone_is_not_kept()
    {
        using var scene = new StoreScene();
        int first = scene.Add(), second = scene.Add(first), third = scene.Add(second), alone = scene.Add();
        using PrefixStore store = scene.Open();
        Assert.Null(scene.Save(store, second, third, alone));
        Assert.Equal([alone], scene.Kept());
    }

    [Fact]
    public void A_run_in_which_nothing_was_found_and_nothing_is_new_leaves_the_file()
    {
        using var scene = new StoreScene();
        scene.Add();
        scene.Save();
        DateTime written = DateTime.UtcNow.AddDays(-1);
        File.SetLastWriteTimeUtc(scene.Path, written);
        scene.Save();
        Assert.Equal(written, File.GetLastWriteTimeUtc(scene.Path));
    }

    [Fact]
    public void Looking_up_and_loading_allocate_nothing()
    {
        using var scene = new StoreScene();
        int system = scene.Add(), user = scene.Add(system);
        scene.Save();
        using PrefixStore store = scene.Open();
        var model = new StubModel(blocks: 1, blockSize: StoreScene.BytesPerBlock / 12);
        Walk();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) Walk();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Walk()
        {
            Digest salt = Digest.Of("tenant");
            int record = store.Find(PrefixStore.Root, [0, 0, 0, 0], salt);
            record = store.Find(record, [1, 1, 1, 1], salt);
            if (!store.TryLoad(record, model, block: 0)) throw new InvalidOperationException("not loaded");
        }
    }

    [Fact]
    public void Two_engines_may_share_a_folder_and_the_last_to_end_leaves_its_own()
    {
        using var scene = new StoreScene();
        int a = scene.Add(), b = scene.Add();
        scene.Save();
        using PrefixStore one = scene.Open(), two = scene.Open();
        int c = scene.Add(), d = scene.Add();
        Assert.Null(scene.Save(one, c));
        Assert.Equal([a, b], scene.Kept(two)); // its file is still there for it
        Assert.Equal([a, b, c], scene.Kept());
        Assert.Null(scene.Save(two, d));
        Assert.Equal([a, b, d], scene.Kept());
        Assert.Single(scene.Folder.Files);
    }

    [Fact]
    public void Engines_that_save_and_open_at_once_never_see_half_a_file()
    {
        using var scene = new StoreScene();
        for (int i = 0; i < 20; i++) scene.Add(i - 1, uses: 1);
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 20; i++)
            {
                using PrefixStore store = scene.Open(out string? warning);
                Assert.Null(warning);
                Assert.Equal(store.Count, scene.Kept(store).Length);
                Assert.Null(scene.Save(store));
            }
        });
        Assert.Single(scene.Folder.Files);
    }

    [Fact]
    public void Saving_where_nothing_can_be_written_is_one_sentence()
    {
        using var scene = new StoreScene();
        scene.Add();
        using PrefixStore store = scene.Open();
        Directory.Delete(scene.Folder.Path);
        File.WriteAllText(scene.Folder.Path, "");
        string? problem = scene.Save(store);
        File.Delete(scene.Folder.Path);
        Directory.CreateDirectory(scene.Folder.Path);
        Assert.StartsWith($"{scene.Path}: prefixes can't be kept: ", problem);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_refused_at_start()
    {
        using var scene = new StoreScene();
        File.WriteAllText(scene.Folder["taken"], "");
        string message = Assert.Throws<FolioException>(() => PrefixStore.Open(scene.Folder["taken"], default, 4, 96, 1 << 20, out _)).Message;
        Assert.StartsWith($"{scene.Folder["taken"]}: prefixes can't be kept there: ", message);
    }

    [Fact]
    public void What_a_killed_engine_has_left_half_written_is_cleared_away_in_time()
    {
        using var scene = new StoreScene();
        scene.Add();
        File.WriteAllText($"{scene.Path}.old.tmp", "");
        File.WriteAllText($"{scene.Path}.new.tmp", "");
        File.SetLastWriteTimeUtc($"{scene.Path}.old.tmp", DateTime.UtcNow.AddHours(-2));
        scene.Save();
        Assert.Equal(new[] { Path.GetFileName(scene.Path), $"{Path.GetFileName(scene.Path)}.new.tmp" }.Order(), scene.Folder.Files.Order());
    }
}
